import { ApolloLink, type FetchResult, Observable } from "@apollo/client";
import { ServerError } from "@apollo/client/errors";
import { print } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";

interface Options {
  /** The store's endpoint, ending in /graphql/. */
  uri: string;
  headers: Record<string, string>;
  /** Asks the shopper to sign in. The answer is false if they would rather not. */
  askToSignIn?: () => Promise<boolean>;
  /** Outside of browsers: one that keeps the session. */
  fetch?: typeof fetch;
}

// Milliseconds before an operation that may be repeated is sent again after its request or its answer was lost.
const PAUSES = [300, 1500];
const PATIENCE = 10_000; // milliseconds until an answer counts as lost

/** The mutations that change nothing more when repeated. `AddToCart` and `Checkout` have a key that the store knows again. */
export const REPEATABLE: ReadonlySet<string> = new Set([
  "AddFavourite",
  "AddToCart",
  "ApplyDiscountCode",
  "CancelOrder",
  "Checkout",
  "RefreshPayment",
  "RemoveDiscountCode",
  "RemoveFavourite",
  "RemoveFromCart",
  "RetryPayment",
  "SetCartDelivery",
  "SignIn",
  "SignOut",
  "UpdateCartItem",
]);

/**
 * Sends operations to the store: queries by GET under their hash, mutations by POST, and files as a multipart request. What
 * is lost on its way is sent again, if it may be. A mutation that needs somebody to be signed in waits for it, and is sent
 * again, too: nothing that was typed is lost.
 */
export function storeLink({ uri, headers, askToSignIn, fetch = globalThis.fetch }: Options): ApolloLink {
  async function sendSignedIn(operation: ApolloLink.Operation, signal: AbortSignal): Promise<FetchResult> {
    const answer = await send(operation, signal);
    const isMutation = operation.operationType === OperationTypeNode.MUTATION;
    if (!isMutation || codeOf(answer) !== "UNAUTHENTICATED" || !(await askToSignIn?.())) return answer;
    return send(operation, signal);
  }

  async function send(operation: ApolloLink.Operation, signal: AbortSignal): Promise<FetchResult> {
    const { query, variables, operationName, operationType } = operation;
    const ask = async (init: RequestInit, address = uri) => {
      const aborter = new AbortController();
      const abort = () => aborter.abort();
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
      // A file may take as long as the network needs.
      const timer = init.body instanceof FormData ? undefined : setTimeout(abort, PATIENCE);
      try {
        const all = { Accept: "application/graphql-response+json", ...headers, ...init.headers };
        // The session's cookie goes with it, also to another origin.
        return await read(await fetch(address, { credentials: "include", ...init, headers: all, signal: aborter.signal }));
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
      }
    };
    const post = (body: object) =>
      ask({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

    const text = print(query);
    const request = { operationName, query: text, variables };
    if (operationType === OperationTypeNode.MUTATION) {
      const files = Object.entries(variables).filter(([, value]) => value instanceof File);
      if (files.length) return ask(multipart(request, files as [string, File][]));
      return REPEATABLE.has(operationName ?? "") ? repeat(() => post(request), signal) : post(request);
    }
    // What a token opens is asked for by POST, so that the token is in no log of addresses. React Native cannot hash.
    if (variables.token || !globalThis.crypto?.subtle) return repeat(() => post(request), signal);
    const extensions = { persistedQuery: { version: 1, sha256Hash: await sha256(text) } };
    const params = new URLSearchParams({
      operationName: operationName ?? "",
      variables: JSON.stringify(variables),
      extensions: JSON.stringify(extensions),
    });
    const answer = await repeat(() => ask({}, `${uri}?${params}`), signal);
    if (codeOf(answer) !== "PERSISTED_QUERY_NOT_FOUND") return answer;
    return repeat(() => post({ ...request, extensions }), signal);
  }

  return new ApolloLink(
    (operation) =>
      new Observable((observer) => {
        const aborter = new AbortController();
        sendSignedIn(operation, aborter.signal).then(
          (result) => {
            observer.next(result);
            observer.complete();
          },
          (error) => observer.error(error),
        );
        return () => aborter.abort();
      }),
  );
}

const codeOf = ({ errors }: FetchResult): unknown => errors?.[0]?.extensions?.code;

/** The store's answer. Whatever else came instead of it, such as a proxy's page, is an error. */
async function read(response: Response): Promise<FetchResult> {
  const bodyText = await response.text();
  if (!response.headers.get("Content-Type")?.includes("json")) {
    throw new ServerError(`The store did not answer, but something else with ${response.status}.`, { response, bodyText });
  }
  return JSON.parse(bodyText);
}

/** Calls it until it succeeds, at most once more for each of the pauses. */
async function repeat<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw error;
      await new Promise((done) => setTimeout(done, pause));
    }
  }
  return attempt();
}

/** By the graphql-multipart-request-spec: files are variables of their own. */
function multipart(request: { variables: object }, files: [string, File][]): RequestInit {
  const body = new FormData();
  const blanks = Object.fromEntries(files.map(([name]) => [name, null]));
  body.append("operations", JSON.stringify({ ...request, variables: { ...request.variables, ...blanks } }));
  body.append("map", JSON.stringify(Object.fromEntries(files.map(([name]) => [name, [`variables.${name}`]]))));
  for (const [name, file] of files) body.append(name, file);
  // The store takes no upload without the header, which makes browsers ask before they send it to another origin.
  return { method: "POST", body, headers: { "Apollo-Require-Preflight": "true" } };
}

/** Web Crypto: on HTTPS and on localhost. */
async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
