import { type FieldPolicy, InMemoryCache, type Reference, type TypePolicy } from "@apollo/client";

import generated from "./gql/possibleTypes";

interface Page {
  __typename: string;
  nodes?: readonly Reference[];
  edges?: readonly { cursor: string; node: Reference }[];
  pageInfo?: { hasPreviousPage?: boolean; startCursor?: string };
}

/** A list for each choice of these arguments. The page after a cursor is added to its end. */
function pages(...keyArgs: string[]): FieldPolicy<Page> {
  return {
    keyArgs,
    merge(list, page, { args }) {
      // Another member of the union takes its place: NoProductMatches, for one.
      if (!list || list.__typename !== page.__typename) return page;
      if (!args?.after) return { ...list, ...page };
      return {
        ...list,
        ...page,
        ...(page.nodes && { nodes: joined(list.nodes, page.nodes, (node) => node.__ref ?? node) }),
        ...(page.edges && { edges: joined(list.edges, page.edges, (edge) => edge.cursor) }),
        ...(page.pageInfo && {
          pageInfo: {
            ...page.pageInfo,
            hasPreviousPage: list.pageInfo?.hasPreviousPage,
            startCursor: list.pageInfo?.startCursor,
          },
        }),
      };
    },
  };
}

/** One after the other; what a page that was asked for twice has stands there once. */
function joined<T>(list: readonly T[] = [], page: readonly T[], key: (item: T) => unknown): T[] {
  return [...new Map([...list, ...page].map((item) => [key(item), item])).values()];
}

/** An object without an id. Its fields are kept together while the one that identifies it stays the same. */
function value(identity: string): TypePolicy {
  return {
    merge: (kept, fresh) =>
      fresh[identity] && kept?.[identity] === fresh[identity] ? { ...kept, ...fresh } : fresh,
  };
}

export function createCache(endpoint: string): InMemoryCache {
  // The store names its pictures from its own root, which is not this page's.
  const address: FieldPolicy<string> = { read: (path) => path && new URL(path, endpoint).href };
  return new InMemoryCache({
    possibleTypes: generated.possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          products: pages("filter", "sort"),
          search: pages("term", "asTyped", "filter", "sort"),
          sitemap: pages(),
        },
      },
      Category: { fields: { products: pages("filter", "sort") } },
      Product: { fields: { comments: pages() } },
      User: { fields: { favourites: pages(), orders: pages("status") } },
      // The caller's cart has one constant id, so every answer with a Cart updates it wherever it is shown.
      Cart: { fields: { items: { merge: false }, changes: { merge: false } } },
      Order: { fields: { items: { merge: false } } },
      Shop: { keyFields: [] }, // there is only one
      SitemapEntry: { keyFields: ["slug"] },
      Image: { ...value("url"), fields: { url: address, thumbnail: address } },
      Money: value("amount"),
      RatingSummary: { merge: false },
      Seo: { merge: true },
    },
  });
}
