import { ApolloClient, ApolloLink, HttpLink } from "@apollo/client";
import { ErrorLink } from "@apollo/client/link/error";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { OperationTypeNode } from "graphql";
import { from, switchMap, throwError } from "rxjs";

import { createCache } from "./cache";
import { problemOf } from "./errors";
import { hasFile, uploadLink } from "./upload";

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
}

export function createClient({ uri, language, askToSignIn, isServer = false, ...more }: Options): ApolloClient {
  const headers = { "Accept-Language": language, ...more.headers };
  const http = new HttpLink({ uri, headers, credentials: "include" }); // with the session's cookie, also to another origin
  // Queries go by GET under their hash, and their text only where the store does not know it.
  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  // A mutation that needs somebody to be signed in waits for it, and is sent again: nothing that was typed is lost.
  const signIn = new ErrorLink(({ error, operation, forward }) => {
    const isMutation = operation.operationType === OperationTypeNode.MUTATION;
    if (!askToSignIn || !isMutation || problemOf(error).code !== "UNAUTHENTICATED") return;
    return from(askToSignIn()).pipe(
      switchMap((signedIn) => (signedIn ? forward(operation) : throwError(() => error))),
    );
  });
  return new ApolloClient({
    cache: createCache(),
    ssrMode: isServer,
    link: signIn.split(
      // What a token opens is asked for by POST, so that the token is in no log of addresses.
      ({ operationType, variables }) => operationType === OperationTypeNode.QUERY && !variables.token,
      persisted.concat(http),
      ApolloLink.split(({ variables }) => hasFile(variables), uploadLink(uri, headers), http),
    ),
  });
}

/** Web Crypto: on HTTPS and on localhost. */
async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
