import { startTransition, useOptimistic } from "react";

import type { CartPartsFragment } from "../gql/graphql";
import { useLanguage } from "../texts";
import { Notice } from "../ui/Notice";

interface Props {
  cart: CartPartsFragment;
  isBusy: boolean;
  problem: string;
  onChoose: (methodId: string) => Promise<void>;
}

export function Delivery({ cart, isBusy, problem, onChoose }: Props) {
  const { t, money } = useLanguage();
  const [chosen, setChosen] = useOptimistic(cart.delivery?.method.id);

  function choose(methodId: string) {
    startTransition(async () => {
      setChosen(methodId);
      await onChoose(methodId);
    });
  }

  return (
    <section aria-busy={isBusy}>
      <h2 className="mb-4 text-2xl">{t.delivery.title}</h2>
      {!cart.destination && !problem && <p className="text-soft">{t.delivery.later}</p>}
      {cart.destination && cart.deliveryOptions.length === 0 && !problem && <p>{t.totals.free}</p>}
      <div className="space-y-2">
        {cart.deliveryOptions.map(({ method, cost }) => (
          <label
            key={method.id}
            className="flex items-center gap-4 rounded-xl border border-line p-4 has-checked:border-accent"
          >
            <input
              type="radio"
              name="delivery"
              checked={chosen === method.id}
              onChange={() => choose(method.id)}
            />
            <span className="grow">
              <span className="font-medium">{method.name}</span>
              <span className="block text-sm text-soft">
                {[method.description, days(method, t.delivery.days)].filter(Boolean).join(" · ")}
              </span>
            </span>
            <span className="tabular-nums">{Number(cost.amount) > 0 ? money(cost) : t.totals.free}</span>
          </label>
        ))}
      </div>
      <Notice isError>{problem}</Notice>
    </section>
  );
}

function days(
  { minDays, maxDays }: { minDays: number | null; maxDays: number | null },
  text: (range: string) => string,
): string {
  const ends = [...new Set([minDays, maxDays].filter((end) => end !== null))];
  return ends.length ? text(ends.join("–")) : "";
}
