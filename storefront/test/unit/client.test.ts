import { readdirSync, readFileSync } from "node:fs";

import { gql } from "@apollo/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createClient } from "../../src/api/client";
import { REPEATABLE } from "../../src/api/link";

const json = (body: object) => new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });

let requests: { method: string; address: URL; headers: Headers; body: unknown }[];
/** What the store answers, one after the other, and then `{ data: { a: 1 } }`. A null is lost. */
let answers: (Response | null)[];

beforeEach(() => {
  requests = [];
  answers = [];
  vi.stubGlobal("fetch", async (address: string, { method = "GET", headers, body }: RequestInit) => {
    requests.push({ method, address: new URL(address), headers: new Headers(headers), body });
    const answer = answers.shift();
    if (answer === null) throw new TypeError("Failed to fetch");
    return answer ?? json({ data: { a: 1 } });
  });
  // Pauses are none, and nobody's patience ends.
  vi.stubGlobal("setTimeout", (act: () => void, delay: number) => void (delay < 10_000 && queueMicrotask(act)));
});
afterEach(() => vi.unstubAllGlobals());

const client = () => createClient({ uri: "http://store.example/graphql/", language: "de" });
const methods = () => requests.map(({ method }) => method);

test("a query goes by GET under its hash, in the language of the page", async () => {
  await client().query({ query: gql`query A($b: Int) { a(b: $b) }`, variables: { b: 2 } });
  expect(methods()).toEqual(["GET"]);
  const [{ address, headers }] = requests as [(typeof requests)[0]];
  expect(headers.get("Accept-Language")).toBe("de");
  expect(address.searchParams.get("variables")).toBe('{"b":2}');
  expect(address.searchParams.get("extensions")).toMatch(/"sha256Hash":"[0-9a-f]{64}"/);
  expect(address.searchParams.has("query")).toBe(false);
});

test("its text follows where the store does not know the hash", async () => {
  answers = [json({ errors: [{ message: "PersistedQueryNotFound", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }] })];
  const { data } = await client().query({ query: gql`query A { a }` });
  expect(data).toEqual({ a: 1 });
  expect(methods()).toEqual(["GET", "POST"]);
  expect(JSON.parse(requests[1]?.body as string)).toMatchObject({ operationName: "A", query: "query A {\n  a\n}" });
});

test("a token is in no address", async () => {
  await client().query({ query: gql`query A($token: String!) { a(token: $token) }`, variables: { token: "secret" } });
  expect(methods()).toEqual(["POST"]);
});

test("a file is sent as a multipart request that browsers ask for first", async () => {
  const file = new File(["content"], "a.png");
  await client().mutate({ mutation: gql`mutation A($file: Upload) { a(file: $file) }`, variables: { file } });
  const [{ body, headers }] = requests as unknown as [{ body: FormData; headers: Headers }];
  expect(JSON.parse(body.get("operations") as string).variables).toEqual({ file: null });
  expect(JSON.parse(body.get("map") as string)).toEqual({ file: ["variables.file"] });
  expect((body.get("file") as File).name).toBe("a.png");
  expect(headers.get("Apollo-Require-Preflight")).toBe("true");
});

test("what is lost is sent again if it may be, and then given up", async () => {
  answers = [null, new Response("The store does not answer.", { status: 502 })];
  await client().query({ query: gql`query A { a }` });
  expect(methods()).toEqual(["GET", "GET", "GET"]);

  requests = [];
  answers = [null];
  await client().mutate({ mutation: gql`mutation UpdateCartItem { a }` });
  expect(methods()).toEqual(["POST", "POST"]);

  requests = [];
  answers = [null, null, null];
  await expect(client().query({ query: gql`query A { a }` })).rejects.toThrow();
  expect(requests.length).toBe(3);
});

test("a mutation that would be done twice is sent once", async () => {
  answers = [null];
  await expect(client().mutate({ mutation: gql`mutation RequestReturn { a }` })).rejects.toThrow();
  expect(methods()).toEqual(["POST"]);
});

test("a mutation waits for signing in, and is sent again only then", async () => {
  const refused = () => json({ errors: [{ message: "Sign in.", extensions: { code: "UNAUTHENTICATED" } }] });
  const asked = vi.fn(async () => true);
  const signingIn = () => createClient({ uri: "http://store.example/graphql/", language: "de", askToSignIn: asked });
  answers = [refused()];
  const { data } = await signingIn().mutate({ mutation: gql`mutation A { a }` });
  expect(data).toEqual({ a: 1 });
  expect(methods()).toEqual(["POST", "POST"]);

  answers = [refused()];
  asked.mockResolvedValueOnce(false);
  await expect(signingIn().mutate({ mutation: gql`mutation A { a }` })).rejects.toThrow("Sign in.");
  expect(asked).toHaveBeenCalledTimes(2);

  answers = [refused()];
  await expect(signingIn().query({ query: gql`query A { a }` })).rejects.toThrow("Sign in.");
  expect(asked).toHaveBeenCalledTimes(2);
});

test("the mutations that may be repeated are the shop's", () => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("gql"))
    .map((path) => readFileSync(`src/${path}`, "utf8"));
  const mutations = sources.flatMap((source) => [...source.matchAll(/\bmutation (\w+)/g)].map(([, name]) => name));
  expect([...REPEATABLE].filter((name) => !mutations.includes(name))).toEqual([]);
});
