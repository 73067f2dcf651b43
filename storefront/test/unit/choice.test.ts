import { expect, test } from "vitest";

import { countOf, filterOf, readChoice, toggled, writeChoice } from "../../src/listing/choice";

const read = (query: string) => readChoice(new URLSearchParams(query));

test("a choice comes back from the address that it was written to", () => {
  const query = "in=kitchen%2Chome&by-brand=harbour%2Cferrum&with-Size=M&with-Size=1%2C5+l&min=10&max=50.5&available=1&sale=1&sort=price-asc";
  const choice = read(query);
  expect(choice).toEqual({
    sort: "PRICE_ASC",
    minPrice: "10",
    maxPrice: "50.5",
    inStock: true,
    onSale: true,
    categories: ["kitchen", "home"],
    attributes: { brand: ["harbour", "ferrum"] },
    options: { Size: ["M", "1,5 l"] },
  });
  expect(writeChoice(choice, new URLSearchParams()).toString()).toBe(query);
  expect(countOf(choice)).toBe(10);
});

test("the term of a search stays, and what an advertisement added goes", () => {
  const params = new URLSearchParams("q=mug&utm_source=mail");
  expect(writeChoice(readChoice(params), params).toString()).toBe("q=mug");
});

test.each(["sort=cheapest", "min=-1", "max=lots", "min=1e9", "by-=x", "with-=x", "in="])("%s chooses nothing", (query) => {
  expect(filterOf(read(query))).toEqual({});
});

test("options are filtered by name", () => {
  expect(filterOf(read("with-Size=M&with-Colour=Sand"))).toEqual({
    options: [
      { name: "Size", values: ["M"] },
      { name: "Colour", values: ["Sand"] },
    ],
  });
});

test("a price may have a comma", () => {
  expect(read("min=12,50").minPrice).toBe("12.50");
});

test("the page's category is the filter until one below it is chosen", () => {
  expect(filterOf(read(""), "leisure")).toEqual({ categories: ["leisure"] });
  expect(filterOf(read("in=books"), "leisure")).toEqual({ categories: ["books"] });
});

test("toggled", () => {
  expect(toggled(["a"], "b")).toEqual(["a", "b"]);
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
});
