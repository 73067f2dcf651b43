import { useQuery } from "@apollo/client/react";

import { graphql } from "../gql";

/** What every page shows: the shop's settings, and its categories level by level. */
const SHELL = graphql(`
  query Shell {
    shop { name currency pricesIncludeTax guestCheckout stripePublishableKey policies { slug title } }
    categories { id name slug parent { id } }
  }
`);

export function useShop() {
  const { data } = useQuery(SHELL);
  return { shop: data?.shop, categories: data?.categories ?? [], policies: data?.shop.policies ?? [] };
}
