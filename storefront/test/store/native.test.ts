// A native app's visit: the shop's client without a cookie, against the store at STORE_URL.
import { gql, type TypedDocumentNode } from "@apollo/client";
import { expect, test, vi } from "vitest";

import { register, signIn } from "../../src/api/session";
import { ADD_TO_CART } from "../../src/cart/operations";
import { fetchWithKey } from "../../recipes/keys";
import { createNativeClient } from "../../recipes/native";

const STORE = process.env.STORE_URL ?? "";
const SHOPPER = { email: `nat-${Date.now()}@example.com`, password: "a-long-enough-secret" };
const VARIANTS: TypedDocumentNode<{ products: { nodes: { variants: { id: string }[] }[] } }> = gql`
  query AppVariants { products(filter: { inStock: true }, first: 2) { nodes { id variants { id } } } }
`;
const STATE: TypedDocumentNode<{ me: { email: string } | null; cart: { totalQuantity: number } }> = gql`
  query AppState { me { id email } cart { id totalQuantity } }
`;

/** An app on a device that keeps these secrets. */
async function start(secrets = new Map<string, string>()) {
  const keys: string[] = [];
  const client = await createNativeClient(STORE, "en", {
    getItemAsync: async (name) => secrets.get(name) ?? null,
    setItemAsync: async (name, value) => {
      secrets.set(name, value);
      keys.push(value);
    },
  });
  return {
    client,
    secrets,
    keys,
    state: async () => {
      const { data } = await client.query({ query: STATE, fetchPolicy: "network-only" });
      return [data?.me?.email ?? null, data?.cart.totalQuantity];
    },
    add: async () => {
      const { data } = await client.query({ query: VARIANTS });
      const variantId = data?.products.nodes[0]?.variants[0]?.id ?? "";
      const added = await client.mutate({ mutation: ADD_TO_CART, variables: { input: { variantId, quantity: 1 } } });
      expect(added.data?.addToCart.__typename).toBe("Cart");
    },
  };
}

test("a visit without cookies, from a guest's cart to signing out", async () => {
  const cookies = vi.fn();
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", async (...given: Parameters<typeof fetch>) => {
    const response = await fetch(...given);
    response.headers.getSetCookie().forEach(cookies);
    return response;
  });
  const app = await start();
  expect(await app.state()).toEqual([null, 0]);
  expect(app.keys).toEqual([]);
  await app.add();
  await app.add();
  expect(app.keys.length).toBe(1);
  expect((await register(app.client, { ...SHOPPER, firstName: "", lastName: "" })).__typename).toBe("User");
  expect(new Set(app.keys).size).toBe(2);
  expect(await app.state()).toEqual([SHOPPER.email, 2]);

  const again = await start(new Map(app.secrets)); // the app runs again, and has kept the key
  expect(await again.state()).toEqual([SHOPPER.email, 2]);
  const stolen = await start(new Map([["session", app.keys[0] ?? ""]]));
  expect(await stolen.state()).toEqual([null, 0]);
  expect(stolen.keys).toEqual(["new"]);

  await app.client.mutate({ mutation: gql`mutation SignOut { logout }` });
  expect(app.keys.at(-1)).toBe("new");
  expect(await app.state()).toEqual([null, 0]);
  expect(await again.state()).toEqual([null, 0]);
  expect((await signIn(app.client, SHOPPER)).__typename).toBe("User");
  expect(await app.state()).toEqual([SHOPPER.email, 2]);
  expect(cookies).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});

test("what was on its way while somebody signed in does not sign them out", async () => {
  const app = await start();
  await app.add();
  const told: string[] = [];
  const late = fetchWithKey({ key: app.keys[0], onKey: (key) => told.push(key) });
  const { fetch } = globalThis;
  let send = () => {};
  vi.stubGlobal("fetch", async (...given: Parameters<typeof fetch>) => {
    await new Promise<void>((resolve) => (send = resolve)); // it has its key by now
    return fetch(...given);
  });
  const ask = (query: string) =>
    late(`${STORE}/graphql/`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ query }) });
  const delayed = ask("{ me { id } }");
  vi.stubGlobal("fetch", fetch);
  const { email, password } = SHOPPER;
  await ask(`mutation { login(input: { email: "${email}", password: "${password}" }) { __typename } }`);
  expect(told.length).toBe(1);
  send();
  expect((await delayed).headers.get("X-Store-Session")).toBe("new");
  expect(told.length).toBe(1); // it knew only the key before
  vi.unstubAllGlobals();
});
