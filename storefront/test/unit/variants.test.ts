import { expect, test } from "vitest";

import { isReduced, select, selectFirst, stateOf, type Variant, variantOf } from "../../src/product/variants";

function variant(id: string, Size: string, Colour: string, isAvailable = true): Variant {
  const selectedOptions = [
    { name: "Size", value: Size },
    { name: "Colour", value: Colour },
  ];
  return { id, isAvailable, selectedOptions };
}

const VARIANTS = [
  variant("1", "S", "Blue", false),
  variant("2", "S", "Sand"),
  variant("3", "M", "Blue"),
  variant("4", "L", "Red"),
];

test("the first that is in stock is selected", () => {
  expect(selectFirst(VARIANTS, {})).toEqual({ Size: "S", Colour: "Sand" });
});

test("the address selects, even what is sold out", () => {
  expect(selectFirst(VARIANTS, { Size: "S", Colour: "Blue" })).toEqual({ Size: "S", Colour: "Blue" });
  expect(selectFirst(VARIANTS, { Size: "M" })).toEqual({ Size: "M", Colour: "Blue" });
});

test("an address of nothing falls back", () => {
  expect(selectFirst(VARIANTS, { Size: "XXL" })).toEqual({ Size: "S", Colour: "Sand" });
});

test("where a combination is missing, the other option follows", () => {
  expect(select(VARIANTS, { Size: "S", Colour: "Sand" }, "Size", "L")).toEqual({ Size: "L", Colour: "Red" });
  expect(select(VARIANTS, { Size: "S", Colour: "Sand" }, "Colour", "Blue")).toEqual({ Size: "S", Colour: "Blue" });
});

test("states", () => {
  const selection = { Size: "S", Colour: "Sand" };
  expect(stateOf(VARIANTS, selection, "Colour", "Blue")).toBe("soldOut");
  expect(stateOf(VARIANTS, selection, "Size", "M")).toBe("missing");
  expect(stateOf(VARIANTS, selection, "Size", "S")).toBe("available");
});

test("a product in one form has one variant for every selection", () => {
  const single = [{ id: "1", isAvailable: true, selectedOptions: [] }];
  expect(selectFirst(single, { Size: "S" })).toEqual({});
  expect(variantOf(single, {})?.id).toBe("1");
});

test.each([
  [true, null, true],
  [true, "100.00", true],
  [true, "90.00", false],
  [true, "80.00", false],
  [false, null, false],
])("a reduction is one against the lowest price before", (onSale, lowest, expected) => {
  const lowestPriorPrice = lowest === null ? null : { amount: lowest };
  expect(isReduced({ onSale, finalPrice: { amount: "90.00" }, lowestPriorPrice })).toBe(expected);
});
