import { beforeEach, expect, test, vi } from "vitest";

import { beginAttempt, endAttempt, unfinishedAttempt } from "../../src/checkout/attempt";
import { billingOf, errorsOf, shippingOf } from "../../src/checkout/input";

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

const INPUT = { shipping: shippingOf({ city: " Berlin " }), expectedTotal: "10.00" };

test("an attempt without an answer keeps its key, and the next purchase has another", () => {
  const first = beginAttempt(INPUT);
  const again = beginAttempt({ ...INPUT, expectedTotal: "12.00" });
  expect(again.idempotencyKey).toBe(first.idempotencyKey);
  expect(unfinishedAttempt()).toEqual(again);
  endAttempt();
  expect(unfinishedAttempt()).toBeNull();
  expect(beginAttempt(INPUT).idempotencyKey).not.toBe(first.idempotencyKey);
});

test("texts are trimmed, and all fields are there", () => {
  expect(INPUT.shipping.city).toBe("Berlin");
  expect(INPUT.shipping.company).toBe("");
});

test("an invoice is only for whom it was asked", () => {
  expect(billingOf({ city: "Berlin" })).toBeNull();
  expect(billingOf({ vatId: "DE136695976" })).toEqual({ company: "", vatId: "DE136695976", address: null });
});

test("errors are named as the form's fields are", () => {
  expect(errorsOf([{ field: "shipping.zipCode", message: "No." }, { field: "billing.vatId", message: "Nor." }])).toEqual({
    zipCode: "No.",
    "billing.vatId": "Nor.",
  });
});
