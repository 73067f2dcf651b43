import { expect, test } from "vitest";

import { breadcrumbs, productData } from "../../src/shell/structured";

const ORIGIN = "https://shop.example";

test("a product has an offer for each variant, with absolute addresses", () => {
  const data = productData(ORIGIN, {
    name: "Mug",
    slug: "mug",
    description: "Holds tea.",
    images: ["/media/mug.jpg"],
    brand: "Harbour",
    rating: { average: 4.5, count: 2 },
    variants: [
      { sku: "M1", isAvailable: true, finalPrice: { amount: "18.00", currency: "USD" } },
      { sku: null, isAvailable: false, finalPrice: { amount: "20.00", currency: "USD" } },
    ],
  });
  expect(data).toMatchObject({
    "@type": "Product",
    url: "https://shop.example/products/mug",
    image: ["https://shop.example/media/mug.jpg"],
    aggregateRating: { ratingValue: "4.5", reviewCount: 2 },
    offers: [
      { sku: "M1", price: "18.00", priceCurrency: "USD", availability: "https://schema.org/InStock" },
      { price: "20.00", availability: "https://schema.org/OutOfStock" },
    ],
  });
});

test("without ratings there is no rating, which search engines refuse", () => {
  const product = { name: "", slug: "", description: "", images: [], rating: { average: null, count: 0 }, variants: [] };
  expect(productData(ORIGIN, product)).not.toHaveProperty("aggregateRating");
});

test("breadcrumbs count from one", () => {
  expect(breadcrumbs(ORIGIN, [{ name: "Home", slug: "home" }])).toMatchObject({
    itemListElement: [{ position: 1, item: "https://shop.example/categories/home" }],
  });
});
