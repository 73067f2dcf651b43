import { useMutation, useQuery } from "@apollo/client/react";
import { useState } from "react";

import { problemOf } from "./errors";
import type { AddToCartMutation } from "./gql/graphql";
import { ADD_TO_CART, PRODUCTS } from "./operations";

export function Products() {
  const { data, error, fetchMore } = useQuery(PRODUCTS, {
    variables: { sort: "NAME_ASC", filter: { inStock: true }, first: 12 },
  });
  const [addToCart] = useMutation(ADD_TO_CART);
  const [notice, setNotice] = useState("");
  if (error) return <p role="alert">{problemOf(error).message}</p>;
  if (!data) return <p>Loading…</p>;

  const { nodes, pageInfo } = data.products;

  async function add(productId: string) {
    const answer = await addToCart({ variables: { productId } });
    setNotice(answer.data ? refusal(answer.data.addToCart) : "");
  }

  async function more() {
    await fetchMore({ variables: { after: pageInfo.endCursor } });
  }

  /** Tells the shopper what has kept it from being done. */
  function attempt(action: Promise<void>) {
    action.catch((failure) => setNotice(problemOf(failure).message));
  }

  return (
    <section>
      <p role="alert">{notice}</p>
      <ul>
        {nodes.map((product) => (
          <li key={product.id}>
            {product.image && <img src={product.image.thumbnail} alt="" loading="lazy" />}
            {product.name}, {product.finalPrice.amount} {product.finalPrice.currency}
            <button onClick={() => attempt(add(product.id))}>Add</button>
          </li>
        ))}
      </ul>
      {pageInfo.hasNextPage && <button onClick={() => attempt(more())}>More</button>}
    </section>
  );
}

/** What to tell the shopper. Errors that the union may get later have a message, too. */
function refusal(answer: AddToCartMutation["addToCart"]): string {
  switch (answer.__typename) {
    case "Cart":
      return "";
    case "InsufficientStock":
      return `Only ${answer.available} are left.`;
    default:
      return answer.message;
  }
}
