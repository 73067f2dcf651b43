import { ApolloClient } from "@apollo/client";

import { createCache } from "./cache";
import { storeLink } from "./link";

interface Options {
  /** The store's endpoint, ending in /graphql/. */
  uri: string;
  /** The language in which the store is to answer: that of the page, not the browser's. */
  language: string;
  /** Asks the shopper to sign in. The answer is false if they would rather not. */
  askToSignIn?: () => Promise<boolean>;
  /** True while a server renders a page. */
  isServer?: boolean;
  /** More headers for each request. */
  headers?: Record<string, string>;
  /** Outside of browsers: one that keeps the session. */
  fetch?: typeof fetch;
  /** Where pictures are, if not at the page's own origin. */
  mediaOrigin?: string;
}

export function createClient({ language, isServer = false, headers, mediaOrigin, ...options }: Options): ApolloClient {
  return new ApolloClient({
    cache: createCache(mediaOrigin),
    ssrMode: isServer,
    link: storeLink({ ...options, headers: { "Accept-Language": language, ...headers } }),
  });
}
