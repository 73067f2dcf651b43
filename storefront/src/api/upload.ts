import { ApolloLink, type FetchResult, Observable } from "@apollo/client";
import { print } from "graphql";

/** Sends a mutation with a file among its variables as a multipart request (graphql-multipart-request-spec). */
export function uploadLink(uri: string, headers: Record<string, string>): ApolloLink {
  return new ApolloLink(
    ({ query, variables, operationName }) =>
      new Observable<FetchResult>((observer) => {
        const form = new FormData();
        const files = Object.entries(variables).filter(([, value]) => value instanceof File);
        const blanks = Object.fromEntries(files.map(([name]) => [name, null]));
        const operation = { operationName, query: print(query), variables: { ...variables, ...blanks } };
        form.append("operations", JSON.stringify(operation));
        form.append("map", JSON.stringify(Object.fromEntries(files.map(([name]) => [name, [`variables.${name}`]]))));
        for (const [name, file] of files) form.append(name, file as File);
        const aborter = new AbortController();
        // The store takes no upload without the header, which makes browsers ask before they send it to another origin.
        const all = { ...headers, "Apollo-Require-Preflight": "true", Accept: "application/graphql-response+json" };
        fetch(uri, { method: "POST", body: form, headers: all, credentials: "include", signal: aborter.signal })
          .then((response) => response.json())
          .then((result) => {
            observer.next(result);
            observer.complete();
          })
          .catch((error) => observer.error(error));
        return () => aborter.abort();
      }),
  );
}

export function hasFile(variables: Record<string, unknown>): boolean {
  return typeof File !== "undefined" && Object.values(variables).some((value) => value instanceof File);
}
