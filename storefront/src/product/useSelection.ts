import { useSearchParams } from "react-router";

import { select, selectFirst, type Variant, variantOf } from "./variants";

interface Choosable<V> {
  options: readonly { name: string }[];
  variants: readonly V[];
}

/** The chosen values of the product's options and their variant, which the address has: `?Size=M&Colour=Sand`. */
export function useSelection<V extends Variant>({ options, variants }: Choosable<V>) {
  const [params, setParams] = useSearchParams();
  const wanted = Object.fromEntries(
    options.flatMap(({ name }) => (params.has(name) ? [[name, params.get(name) ?? ""]] : [])),
  );
  const selection = selectFirst(variants, wanted);
  return {
    selection,
    variant: variantOf(variants, selection),
    choose(name: string, value: string): void {
      setParams(select(variants, selection, name, value), { replace: true });
    },
  };
}
