import type { MovedPartsFragment } from "../gql/graphql";
import { useLanguage } from "../texts";

type Portions = MovedPartsFragment["fulfilments"][number]["items"];

export function Parcels({ parcels }: { parcels: MovedPartsFragment["fulfilments"] }) {
  const { t, date } = useLanguage();
  if (parcels.length === 0) return null;
  return (
    <section className="mt-10">
      <h2 className="mb-3 text-2xl">{t.order.parcels(parcels.length)}</h2>
      <ul className="space-y-3">
        {parcels.map(({ id, carrier, trackingNumber, trackingUrl, shippedAt, items }) => (
          <li key={id} className="rounded-xl border border-line p-4">
            <p className="flex flex-wrap gap-x-4">
              <span className="font-medium">{[carrier, trackingNumber].filter(Boolean).join(" · ") || t.order.parcel}</span>
              <time dateTime={shippedAt} className="text-soft">
                {date(shippedAt)}
              </time>
            </p>
            <Contents items={items} />
            {trackingUrl && (
              <a className="link mt-2 inline-block" href={trackingUrl} target="_blank" rel="noreferrer">
                {t.order.track}
              </a>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Contents({ items }: { items: Portions }) {
  return (
    <p className="text-sm text-soft">
      {items.map(({ quantity, item }) => `${quantity} × ${[item.name, item.variantTitle].filter(Boolean).join(", ")}`).join("; ")}
    </p>
  );
}
