import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";

import { graphql } from "../gql";
import { useLanguage } from "../texts";

const ORDERS = graphql(`
  query Orders($after: String) {
    me {
      id
      orders(first: 10, after: $after) {
        nodes {
          id
          uuid
          number
          status
          createdAt
          amount { amount currency }
          items { id name quantity }
          fulfilments { id carrier trackingNumber trackingUrl }
          returns { id status }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export function OrdersPage() {
  const { t, money, date } = useLanguage();
  const { data, error, fetchMore } = useQuery(ORDERS, { fetchPolicy: "cache-and-network", ssr: false });
  if (error && !data) throw error;
  if (!data?.me) return <div aria-busy className="skeleton h-64" />;
  const { nodes, pageInfo } = data.me.orders;
  const placed = nodes.filter(({ status }) => status !== "DRAFT");
  return (
    <section>
      <h2 className="text-2xl">{t.account.orders}</h2>
      {placed.length === 0 && <p className="mt-4 text-soft">{t.account.noOrders}</p>}
      <ul className="mt-4 divide-y divide-line">
        {placed.map(({ id, uuid, number, status, createdAt, amount, items, fulfilments, returns }) => (
          <li key={id} className="relative flex flex-wrap gap-x-6 gap-y-1 py-4">
            <Link to={`/orders/${uuid}`} className="font-medium after:absolute after:inset-0 hover:text-accent">
              {t.order.number(number)}
            </Link>
            <span className="text-soft">{date(createdAt)}</span>
            <span className="mr-auto">{t.order.statuses[status]}</span>
            <span className="tabular-nums">{money(amount)}</span>
            <p className="w-full text-sm text-soft">
              {items.map(({ name, quantity }) => `${quantity} × ${name}`).join(", ")}
            </p>
            <p className="flex w-full flex-wrap gap-x-4 text-sm">
              {fulfilments.map(({ id, carrier, trackingNumber, trackingUrl }) =>
                trackingUrl ? (
                  <a key={id} className="link relative" href={trackingUrl} target="_blank" rel="noreferrer">
                    {[carrier, trackingNumber].filter(Boolean).join(" · ") || t.order.track}
                  </a>
                ) : null,
              )}
              {returns.map(({ id, status }) => (
                <span key={id} className="text-soft">
                  {t.returns.statuses[status]}
                </span>
              ))}
            </p>
          </li>
        ))}
      </ul>
      {pageInfo.hasNextPage && (
        <button className="button mt-6" onClick={() => void fetchMore({ variables: { after: pageInfo.endCursor } })}>
          {t.listing.more}
        </button>
      )}
    </section>
  );
}
