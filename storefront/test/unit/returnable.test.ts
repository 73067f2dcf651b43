import { expect, test } from "vitest";

import { returnable } from "../../src/order/returnable";

const portion = (id: string, quantity: number) => ({ quantity, item: { id, name: id, variantTitle: "" } });
const parcel = (...items: ReturnType<typeof portion>[]) =>
  ({ id: "1", carrier: "", trackingNumber: "", trackingUrl: null, shippedAt: "", items }) as never;
const sentBack = (status: string, ...items: ReturnType<typeof portion>[]) => ({ id: "1", status, createdAt: "", items }) as never;

test("what has left, but for what comes back already", () => {
  const left = returnable({
    fulfilments: [parcel(portion("lamp", 1)), parcel(portion("lamp", 2), portion("rug", 1))],
    returns: [sentBack("REQUESTED", portion("lamp", 1)), sentBack("DECLINED", portion("lamp", 2)), sentBack("REFUNDED", portion("rug", 1))],
  });
  expect([...left]).toEqual([["lamp", 2]]);
});
