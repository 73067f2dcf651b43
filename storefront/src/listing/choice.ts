import type { ProductFilter, ProductSort } from "../gql/graphql";

/** What a shopper has chosen of a list: read from the page's address, and written there. */
export interface Choice {
  sort: ProductSort | null;
  minPrice: string;
  maxPrice: string;
  inStock: boolean;
  onSale: boolean;
  /** Slugs of categories below the page's. */
  categories: string[];
  /** Slugs of values by the slug of their attribute. */
  attributes: Record<string, string[]>;
  /** Values by the name of their option, such as Size. */
  options: Record<string, string[]>;
}

export const SORTS: readonly ProductSort[] = [
  "NEWEST",
  "BEST_SELLING",
  "TOP_RATED",
  "PRICE_ASC",
  "PRICE_DESC",
  "NAME_ASC",
  "DISCOUNT_DESC",
];

// Before an attribute's slug and an option's name, so that they never mean one of the others, nor what an advertisement adds.
const ATTRIBUTE = "by-";
const OPTION = "with-";
const MOST_OPTIONS = 3; // no product has more, and the store refuses to look for one

export function readChoice(params: URLSearchParams): Choice {
  const sort = params.get("sort")?.toUpperCase().replaceAll("-", "_");
  const attributes: Record<string, string[]> = {};
  const options: Record<string, string[]> = {};
  for (const [name, value] of params) {
    if (name.startsWith(ATTRIBUTE) && name !== ATTRIBUTE && value) attributes[name.slice(ATTRIBUTE.length)] = value.split(",");
    // A value may have a comma in it, so that each has a parameter of its own.
    if (name.startsWith(OPTION) && name !== OPTION && value) (options[name.slice(OPTION.length)] ??= []).push(value);
  }
  return {
    sort: SORTS.find((known) => known === sort) ?? null,
    minPrice: amount(params.get("min")),
    maxPrice: amount(params.get("max")),
    inStock: params.has("available"),
    onSale: params.has("sale"),
    categories: params.get("in")?.split(",").filter(Boolean) ?? [],
    attributes,
    options: Object.fromEntries(Object.entries(options).slice(0, MOST_OPTIONS)),
  };
}

/** A price as it was typed; empty if it is none. */
function amount(text: string | null): string {
  const typed = (text ?? "").trim().replace(",", ".");
  return /^\d{1,8}(\.\d{1,2})?$/.test(typed) ? typed : "";
}

/** The address' parameters for the choice. Others, such as the term of a search, stay. */
export function writeChoice(choice: Choice, others: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams();
  if (others.has("q")) params.set("q", others.get("q") ?? "");
  if (choice.categories.length) params.set("in", choice.categories.join(","));
  for (const [slug, values] of Object.entries(choice.attributes)) {
    if (values.length) params.set(ATTRIBUTE + slug, values.join(","));
  }
  for (const [name, values] of Object.entries(choice.options)) {
    for (const value of values) params.append(OPTION + name, value);
  }
  if (choice.minPrice) params.set("min", choice.minPrice);
  if (choice.maxPrice) params.set("max", choice.maxPrice);
  if (choice.inStock) params.set("available", "1");
  if (choice.onSale) params.set("sale", "1");
  if (choice.sort) params.set("sort", choice.sort.toLowerCase().replaceAll("_", "-"));
  return params;
}

export function filterOf(choice: Choice, category?: string): ProductFilter {
  const categories = choice.categories.length ? choice.categories : category ? [category] : null;
  const attributes = Object.entries(choice.attributes).map(([slug, values]) => ({ slug, values }));
  const options = Object.entries(choice.options).map(([name, values]) => ({ name, values }));
  return {
    ...(categories && { categories }),
    ...(attributes.length && { attributes }),
    ...(options.length && { options }),
    ...(choice.minPrice && { minPrice: choice.minPrice }),
    ...(choice.maxPrice && { maxPrice: choice.maxPrice }),
    ...(choice.inStock && { inStock: true }),
    ...(choice.onSale && { onSale: true }),
  };
}

/** The list with the value, or without it if it was there. */
export function toggled(list: readonly string[], value: string): string[] {
  return list.includes(value) ? list.filter((entry) => entry !== value) : [...list, value];
}

/** How many conditions are set, for a badge. */
export function countOf(choice: Choice): number {
  const lists = [choice.categories, ...Object.values(choice.attributes), ...Object.values(choice.options)];
  return lists.flat().length + [choice.minPrice, choice.maxPrice, choice.inStock, choice.onSale].filter(Boolean).length;
}
