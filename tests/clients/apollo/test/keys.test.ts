// A native app's visit: the real Apollo Client without a cookie, against the store at STORE_URL.
import assert from "node:assert/strict";
import { test } from "node:test";

import { gql, type TypedDocumentNode } from "@apollo/client";

import { createClient } from "../src/client";
import { fetchWithKey } from "../src/keys";
import * as operations from "../src/operations";
import { register, signIn, signOut } from "../src/session";

const STORE = process.env["STORE_URL"];
const SHOPPER = { email: `nat-${Date.now()}@example.com`, password: "a-long-enough-secret" };
const IDS: TypedDocumentNode<{ products: { nodes: { id: string }[] } }> = gql`
  query AppIds { products(filter: { inStock: true }, first: 2) { nodes { id } } }
`;
const STATE: TypedDocumentNode<{ me: { email: string } | null; cart: { totalQuantity: number } }> = gql`
  query AppState { me { id email } cart { id totalQuantity } }
`;

/** An app, with what it has been given: each key, and every cookie. */
function makeApp(key?: string) {
  const keys: string[] = [];
  const cookies: string[] = [];
  const send = fetchWithKey({ key, onKey: (told) => keys.push(told) });
  const watching: typeof fetch = async (input, init) => {
    const response = await send(input, init);
    cookies.push(...response.headers.getSetCookie());
    return response;
  };
  const client = createClient({ uri: `${STORE}/graphql/`, fetch: watching });
  return {
    client,
    fetch: watching,
    keys,
    cookies,
    state: async () => {
      const { data } = await client.query({ query: STATE, fetchPolicy: "network-only" });
      return [data?.me?.email ?? null, data?.cart.totalQuantity];
    },
    add: async () => {
      const { data } = await client.query({ query: IDS });
      const variables = { productId: data?.products.nodes[0]?.id ?? "", quantity: 1 };
      const added = await client.mutate({ mutation: operations.ADD_TO_CART, variables });
      assert.equal(added.data?.addToCart.__typename, "Cart");
    },
  };
}

test("a visit without cookies, from a guest's cart to signing out", async () => {
  const app = makeApp();
  assert.deepEqual(await app.state(), [null, 0]);
  assert.deepEqual(app.keys, []);

  await app.add();
  assert.equal(app.keys.length, 1);
  await app.add();
  assert.deepEqual(await app.state(), [null, 2]);

  assert.equal((await register(app.client, SHOPPER)).__typename, "User");
  assert.equal(app.keys.length, 2);
  assert.notEqual(app.keys[1], app.keys[0]);
  assert.deepEqual(await app.state(), [SHOPPER.email, 2]);

  const started = makeApp(app.keys[1]); // the app runs again, and has kept the key
  assert.deepEqual(await started.state(), [SHOPPER.email, 2]);
  const stolen = makeApp(app.keys[0]);
  assert.deepEqual(await stolen.state(), [null, 0]);
  assert.deepEqual(stolen.keys, ["new"]);

  await signOut(app.client);
  assert.equal(app.keys.at(-1), "new");
  assert.deepEqual(await app.state(), [null, 0]);
  assert.deepEqual(await started.state(), [null, 0]);

  assert.equal((await signIn(app.client, SHOPPER)).__typename, "User");
  assert.deepEqual(await app.state(), [SHOPPER.email, 2]);
  assert.deepEqual([...app.cookies, ...started.cookies, ...stolen.cookies], []);
});

test("what was on its way while somebody signed in does not sign them out", async () => {
  const app = makeApp();
  await app.add();
  const { fetch } = globalThis;
  let send = () => {};
  globalThis.fetch = async (input, init) => {
    await new Promise<void>((resolve) => (send = resolve)); // it has its key by now
    return fetch(input, init);
  };
  const headers = { "Content-Type": "application/json" };
  const late = app.fetch(`${STORE}/graphql/`, { method: "POST", headers, body: '{"query": "{ me { id } }"}' });
  globalThis.fetch = fetch;
  await signIn(app.client, SHOPPER);
  send();
  assert.equal((await late).headers.get("X-Store-Session"), "new");
  assert.equal((await app.state())[0], SHOPPER.email);
});
