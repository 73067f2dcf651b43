import type { OrderPartsFragment } from "../gql/graphql";
import { useLanguage } from "../texts";

/** What has happened to the order, and what comes next. */
export function Timeline({ order }: { order: OrderPartsFragment }) {
  const { t, date } = useLanguage();
  const { createdAt, paidAt, shippedAt, cancelledAt, status } = order;
  const ended = status === "CANCELLED" || status === "REFUNDED";
  const steps = [
    { label: t.order.placed, at: createdAt },
    ...(paidAt || !ended ? [{ label: t.order.paid, at: paidAt }] : []),
    ...(shippedAt || !ended ? [{ label: t.order.shipped, at: shippedAt }] : []),
    ...(cancelledAt ? [{ label: t.order.statuses.CANCELLED, at: cancelledAt }] : []),
    ...(status === "REFUNDED" ? [{ label: t.order.statuses.REFUNDED, at: "" }] : []),
  ];
  return (
    <section>
      <h2 className="mb-3 text-xl">{t.order.progress}</h2>
      <ol>
        {steps.map(({ label, at }) => (
          <li key={label} className="relative border-l border-line pb-4 pl-5 last:border-transparent last:pb-0">
            <span
              aria-hidden
              className={`absolute top-1.5 -left-[0.3rem] size-2.5 rounded-full ${at === null ? "border border-soft bg-paper" : "bg-accent"}`}
            />
            <p className={at === null ? "text-soft" : ""}>{label}</p>
            {at && (
              <time dateTime={at} className="text-sm text-soft">
                {date(at)}
              </time>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
