import { gql } from "@apollo/client";
import { afterEach, expect, test, vi } from "vitest";

import { createClient } from "../../src/api/client";

afterEach(() => vi.unstubAllGlobals());

/** The requests that the client makes for an operation, each with its language. */
async function languagesOf(act: (client: ReturnType<typeof createClient>) => Promise<unknown>) {
  const asked: [string, string | null][] = [];
  vi.stubGlobal("fetch", async (_uri: string, { method, headers }: RequestInit) => {
    asked.push([method ?? "GET", new Headers(headers).get("Accept-Language")]);
    return new Response(JSON.stringify({ data: { a: 1 } }), { headers: { "Content-Type": "application/json" } });
  });
  await act(createClient({ uri: "http://store.example/graphql/", language: "de" }));
  return asked;
}

test("the store is asked in the language of the page", async () => {
  expect(await languagesOf((client) => client.query({ query: gql`{ a }` }))).toEqual([["GET", "de"]]);
  expect(await languagesOf((client) => client.mutate({ mutation: gql`mutation { a }` }))).toEqual([["POST", "de"]]);
  const upload = { mutation: gql`mutation ($file: Upload) { a(file: $file) }`, variables: { file: new File([], "a") } };
  expect(await languagesOf((client) => client.mutate(upload))).toEqual([["POST", "de"]]);
});
