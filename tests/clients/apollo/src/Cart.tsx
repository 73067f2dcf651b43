import { useMutation, useQuery } from "@apollo/client/react";
import { useState } from "react";

import { problemOf } from "./errors";
import type { CheckoutMutation, ShippingInput } from "./gql/graphql";
import { CART, CHECKOUT, ORDER, REFRESH_PAYMENT } from "./operations";

export function Cart({ shipping }: { shipping: ShippingInput }) {
  const { data } = useQuery(CART);
  // One key for one purchase: pressed twice, or again after a lost answer, it gives the same order.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [placed, setPlaced] = useState("");
  const [checkout, { data: answer, error, loading }] = useMutation(CHECKOUT, {
    refetchQueries: [CART], // an order empties the cart, and a refusal may have come of a changed one
    onError: () => {}, // shown below
    onCompleted: ({ checkout: order }) => {
      if (order.__typename !== "Order") return;
      setPlaced(order.uuid);
      setKey(crypto.randomUUID());
    },
  });
  if (!data) return <p>Loading…</p>;

  const { items, totalQuantity, total } = data.cart;
  const input = { idempotencyKey: key, expectedTotal: total.amount, shipping };
  return (
    <section>
      <h2>
        Cart: {totalQuantity}, {total.amount} {total.currency}
      </h2>
      <ul>
        {items.map(({ id, quantity, product }) => (
          <li key={id}>
            {quantity} × {product.name}
          </li>
        ))}
      </ul>
      <button
        disabled={loading || totalQuantity === 0}
        onClick={() => void checkout({ variables: { input } })}
      >
        Buy
      </button>
      <p role="alert">
        {error && problemOf(error).message}
        {answer && refusal(answer.checkout)}
      </p>
      {placed && <Order uuid={placed} />}
    </section>
  );
}

function refusal(answer: CheckoutMutation["checkout"]): string {
  switch (answer.__typename) {
    case "Order":
      return "";
    case "TotalChanged":
      return `The total is now ${answer.actual.amount} ${answer.actual.currency}.`;
    case "ValidationError":
      return answer.fields.map(({ field, message }) => `${field}: ${message}`).join(" ");
    default:
      return answer.message;
  }
}

function Order({ uuid }: { uuid: string }) {
  const { data } = useQuery(ORDER, { variables: { uuid } });
  const [refresh, { error, loading }] = useMutation(REFRESH_PAYMENT, {
    variables: { uuid },
    onError: () => {},
  });
  if (!data?.order) return <p>Loading…</p>;

  const { status, amount, payment } = data.order;
  return (
    <section>
      <h2>
        Order: {status}, {amount.amount} {amount.currency}
      </h2>
      {payment?.clientSecret && (
        <button disabled={loading} onClick={() => void refresh()}>
          I have paid
        </button>
      )}
      <p role="alert">{error && problemOf(error).message}</p>
    </section>
  );
}
