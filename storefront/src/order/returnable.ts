import type { MovedPartsFragment } from "../gql/graphql";

/** How many of each item have left and are in no return that was not declined, by the item's id. */
export function returnable({ fulfilments, returns }: Pick<MovedPartsFragment, "fulfilments" | "returns">): Map<string, number> {
  const left = new Map<string, number>();
  const count = (parts: { items: { quantity: number; item: { id: string } }[] }[], sign: number) => {
    for (const { quantity, item } of parts.flatMap(({ items }) => items)) {
      left.set(item.id, (left.get(item.id) ?? 0) + sign * quantity);
    }
  };
  count(fulfilments, 1);
  count(returns.filter(({ status }) => status !== "DECLINED"), -1);
  return new Map([...left].filter(([, quantity]) => quantity > 0));
}
