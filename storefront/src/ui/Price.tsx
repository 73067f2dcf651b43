import { useLanguage } from "../texts";

interface Money {
  amount: string;
  currency: string;
}

interface Props {
  price: Money;
  /** The price before the discount. */
  before?: Money | null;
  isFrom?: boolean;
}

export function Price({ price, before, isFrom = false }: Props) {
  const { t, money } = useLanguage();
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2 tabular-nums">
      <span className={before ? "text-sale" : ""}>{isFrom ? t.price.from(money(price)) : money(price)}</span>
      {before && (
        <s className="text-[0.9em] text-soft">
          <span className="sr-only">{t.price.before} </span>
          {money(before)}
        </s>
      )}
    </span>
  );
}
