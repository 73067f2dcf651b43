import { type FieldPolicy, InMemoryCache, type Reference, type TypePolicy } from "@apollo/client";

import generated from "../gql/possibleTypes";

interface Page {
  __typename: string;
  nodes?: readonly Reference[];
  pageInfo?: { hasPreviousPage?: boolean; startCursor?: string };
}

/** A list for each choice of these arguments. The page after a cursor is added to its end. */
function pages(...keyArgs: string[]): FieldPolicy<Page> {
  return {
    keyArgs,
    merge(list, page, { args }) {
      // Another member of the union takes its place: NoProductMatches, for one.
      if (!list || list.__typename !== page.__typename || !args?.after) return page;
      return { ...list, ...page, nodes: joined(list.nodes, page.nodes) };
    },
  };
}

/** One after the other; a row that came twice stands there once. */
function joined(list: readonly Reference[] = [], page: readonly Reference[] = []): Reference[] {
  return [...new Map([...list, ...page].map((node) => [node.__ref, node])).values()];
}

/** An object without an id. Its fields are kept together while the one that identifies it stays the same. */
function value(identity: string): TypePolicy {
  return {
    merge: (kept, fresh) =>
      fresh[identity] && kept?.[identity] === fresh[identity] ? { ...kept, ...fresh } : fresh,
  };
}

export function createCache(mediaOrigin?: string): InMemoryCache {
  // The store names its pictures from its own root, which may not be the page's.
  const address: FieldPolicy<string> = { read: (path) => path && new URL(path, mediaOrigin).href };
  return new InMemoryCache({
    possibleTypes: generated.possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          products: pages("filter", "sort"),
          search: pages("term", "asTyped", "filter", "sort"),
        },
      },
      Product: { fields: { comments: pages() } },
      User: { fields: { favourites: pages(), orders: pages("status") } },
      // The caller's cart has one constant id, so every answer with a Cart updates it wherever it is shown.
      Cart: {
        fields: {
          items: { merge: false },
          changes: { merge: false },
          deliveryOptions: { merge: false },
          delivery: { merge: false },
          destination: { merge: false },
          discountCode: { merge: false },
          taxes: { merge: false },
        },
      },
      Order: { fields: { items: { merge: false }, taxes: { merge: false }, fulfilments: { merge: false }, returns: { merge: false } } },
      Fulfilment: { fields: { items: { merge: false } } },
      Return: { fields: { items: { merge: false } } },
      Shop: { keyFields: [] }, // there is only one
      Policy: { keyFields: ["slug"] },
      Image: mediaOrigin ? { fields: { url: address, thumbnail: address } } : {},
      Money: value("amount"),
      RatingSummary: { merge: false },
      Seo: { merge: true },
      ProductFacets: { merge: true },
    },
  });
}
