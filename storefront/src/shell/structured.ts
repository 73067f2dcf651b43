/** Structured data by schema.org, which search engines read. `origin` makes its addresses absolute. */

interface Place {
  name: string;
  slug: string;
}

/** The way to a page, from the top down. */
export function breadcrumbs(origin: string, categories: readonly Place[]): object {
  return {
    "@context": "https://schema.org",
    "@type": "BreadcrumbList",
    itemListElement: categories.map(({ name, slug }, index) => ({
      "@type": "ListItem",
      position: index + 1,
      name,
      item: `${origin}/categories/${slug}`,
    })),
  };
}

interface Offered {
  name: string;
  slug: string;
  description: string;
  images: readonly string[];
  brand?: string;
  rating: { average: number | null; count: number };
  variants: readonly { sku: string | null; isAvailable: boolean; finalPrice: { amount: string; currency: string } }[];
}

/** A product with an offer for each of its variants. */
export function productData(origin: string, product: Offered): object {
  const { average, count } = product.rating;
  return {
    "@context": "https://schema.org",
    "@type": "Product",
    name: product.name,
    description: product.description,
    url: `${origin}/products/${product.slug}`,
    image: product.images.map((image) => new URL(image, origin).href),
    ...(product.brand && { brand: { "@type": "Brand", name: product.brand } }),
    ...(average !== null && {
      aggregateRating: { "@type": "AggregateRating", ratingValue: average.toFixed(1), reviewCount: count },
    }),
    offers: product.variants.map(({ sku, isAvailable, finalPrice }) => ({
      "@type": "Offer",
      ...(sku && { sku }),
      url: `${origin}/products/${product.slug}`,
      price: finalPrice.amount,
      priceCurrency: finalPrice.currency,
      availability: `https://schema.org/${isAvailable ? "InStock" : "OutOfStock"}`,
    })),
  };
}
