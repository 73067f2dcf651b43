import { renderToStaticMarkup } from "react-dom/server";
import { MemoryRouter } from "react-router";
import { expect, test } from "vitest";

import { ProductCard } from "../../src/listing/ProductCard";
import { LanguageContext, loadLanguage } from "../../src/texts";

const language = await loadLanguage("en");
const amount = (text: string) => ({ amount: text, currency: "EUR" });

function render(lowest: string | null): string {
  const product = {
    id: "1",
    slug: "lamp",
    name: "Lamp",
    isAvailable: true,
    onSale: true,
    price: amount("100.00"),
    finalPrice: amount("90.00"),
    lowestPriorPrice: lowest && amount(lowest),
    priceRange: { min: { amount: "90.00" }, max: { amount: "90.00" } },
    rating: { average: null, count: 0 },
    image: null,
  };
  return renderToStaticMarkup(
    <LanguageContext value={language}>
      <MemoryRouter>
        <ProductCard product={product as never} />
      </MemoryRouter>
    </LanguageContext>,
  );
}

test.each([
  [null, true],
  ["100.00", true],
  ["90.00", false],
  ["80.00", false],
])("a card strikes a price through as the product's page does: %s before", (lowest, expected) => {
  const html = render(lowest);
  expect(html).toContain("90.00");
  expect(html.includes("<s ")).toBe(expected);
  expect(html.includes("Reduced")).toBe(expected);
});
