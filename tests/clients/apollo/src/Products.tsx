import { useMutation, useQuery } from "@apollo/client/react";

import { problemOf } from "./errors";
import type { AddToCartMutation } from "./gql/graphql";
import { ADD_TO_CART, PRODUCTS } from "./operations";

export function Products() {
  const { data, error, fetchMore } = useQuery(PRODUCTS, {
    variables: { sort: "NAME_ASC", filter: { inStock: true }, first: 12 },
  });
  const [addToCart, added] = useMutation(ADD_TO_CART, { onError: () => {} });
  if (error) return <p role="alert">{problemOf(error).message}</p>;
  if (!data) return <p>Loading…</p>;

  const { nodes, pageInfo } = data.products;
  return (
    <section>
      <p role="alert">
        {added.error && problemOf(added.error).message}
        {added.data && refusal(added.data.addToCart)}
      </p>
      <ul>
        {nodes.map((product) => (
          <li key={product.id}>
            {product.image && <img src={product.image.thumbnail} alt="" loading="lazy" />}
            {product.name}, {product.finalPrice.amount} {product.finalPrice.currency}
            <button onClick={() => void addToCart({ variables: { productId: product.id } })}>Add</button>
          </li>
        ))}
      </ul>
      {pageInfo.hasNextPage && (
        <button onClick={() => void fetchMore({ variables: { after: pageInfo.endCursor } })}>More</button>
      )}
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
