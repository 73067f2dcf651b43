import { ApolloClient } from "@apollo/client";
import { ErrorLink } from "@apollo/client/link/error";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";
import { OperationTypeNode } from "graphql";

import { createCache } from "./cache";
import { problemOf } from "./errors";

interface Options {
  /** The store's endpoint, ending in /graphql/. */
  uri: string;
  /** Called when an operation needs somebody to be signed in, and nobody is. */
  onSignInNeeded?: () => void;
  /** Outside of browsers: one that keeps cookies. */
  fetch?: typeof fetch;
}

export function createClient({ uri, onSignInNeeded, fetch }: Options): ApolloClient {
  const http = new UploadHttpLink({
    uri,
    credentials: "include", // the session's cookie, also to another origin
    headers: { "Apollo-Require-Preflight": "true" }, // the store takes no upload without it
    ...(fetch && { fetch }),
  });
  // Queries go by GET under their hash, and their text only where the store does not know it.
  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const errors = new ErrorLink(({ error }) => {
    if (problemOf(error).code === "UNAUTHENTICATED") onSignInNeeded?.();
  });
  return new ApolloClient({
    cache: createCache(uri),
    link: errors.split(
      ({ operationType }) => operationType === OperationTypeNode.QUERY,
      persisted.concat(http),
      http,
    ),
  });
}

/** Web Crypto: on HTTPS and on localhost. */
async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
