/** The choice of a variant: pure, so that it is tested by itself. */

export interface Variant {
  id: string;
  isAvailable: boolean;
  selectedOptions: readonly { name: string; value: string }[];
}

/** Values by the name of their option. */
export type Selection = Record<string, string>;

function fits(variant: Variant, selection: Selection): boolean {
  return variant.selectedOptions.every(({ name, value }) => !(name in selection) || selection[name] === value);
}

/** What is selected at first: what the address says, and the rest of the first variant that fits it, in stock if any is. */
export function selectFirst(variants: readonly Variant[], wanted: Selection): Selection {
  const fitting = variants.filter((variant) => fits(variant, wanted));
  const candidates = fitting.length ? fitting : variants;
  const first = candidates.find(({ isAvailable }) => isAvailable) ?? candidates[0];
  return Object.fromEntries(first?.selectedOptions.map(({ name, value }) => [name, value]) ?? []);
}

/** The selection with another value. Where no variant is like that, the other options follow to one that is. */
export function select(variants: readonly Variant[], selection: Selection, name: string, value: string): Selection {
  const next = { ...selection, [name]: value };
  return variants.some((variant) => fits(variant, next)) ? next : selectFirst(variants, { [name]: value });
}

export function variantOf<V extends Variant>(variants: readonly V[], selection: Selection): V | undefined {
  return variants.find((variant) => fits(variant, selection));
}

export type State = "available" | "soldOut" | "missing";

/** What becomes of the selection with this value. */
export function stateOf(variants: readonly Variant[], selection: Selection, name: string, value: string): State {
  const variant = variantOf(variants, { ...selection, [name]: value });
  if (!variant) return "missing";
  return variant.isAvailable ? "available" : "soldOut";
}

interface Amount {
  amount: string;
}

/** Whether the price before may be struck through: a price that was lower within 30 days before makes it no reduction. */
export function isReduced(variant: { onSale: boolean; finalPrice: Amount; lowestPriorPrice?: Amount | null }): boolean {
  const lowest = variant.lowestPriorPrice;
  return variant.onSale && (!lowest || Number(lowest.amount) > Number(variant.finalPrice.amount));
}
