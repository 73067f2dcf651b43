// A shopper's visit with the shop's own client, against the store at STORE_URL; the tests build on one another.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { gql, type TypedDocumentNode } from "@apollo/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createClient } from "../../src/api/client";
import { problemOf } from "../../src/api/errors";
import { register, signIn } from "../../src/api/session";
import { ADD_TO_CART, CART, CartParts, SET_DELIVERY, UPDATE_ITEM } from "../../src/cart/operations";
import { unmask } from "../../src/gql";
import { CHECKOUT, ORDER, OrderParts, REFRESH_PAYMENT } from "../../src/order/operations";
import { en } from "../../src/texts/en";
import { fetchWithCookies } from "../../recipes/cookies";

const STORE = process.env.STORE_URL ?? "";
const SHOPPER = { email: `sam-${Date.now()}@example.com`, password: "a-long-enough-secret" };
const SHIPPING = {
  firstName: "Sam",
  lastName: "Shopper",
  email: "shopper@example.com",
  phone: "+1 415 555 2671",
  address: "Market Street",
  buildingNumber: "1",
  city: "San Francisco",
  zipCode: "94105",
  state: "CA",
  country: "US",
};
// A red pixel.
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

const requests: { method: string; url: URL; body: unknown }[] = [];
const browser = fetchWithCookies();
const recording: typeof fetch = (input, init) => {
  requests.push({ method: init?.method ?? "GET", url: new URL(String(input)), body: init?.body });
  return browser(input, init);
};
const newClient = () =>
  createClient({ uri: `${STORE}/graphql/`, language: "en", mediaOrigin: STORE, fetch: recording });
const client = newClient();
let variantId: string;
let uuid: string;

const warn = vi.spyOn(console, "warn");
const error = vi.spyOn(console, "error");
beforeEach(() => vi.clearAllMocks());
afterEach(() => {
  expect(warn).not.toHaveBeenCalled();
  expect(error).not.toHaveBeenCalled();
});

/** The answer, which must be this member of its union. */
function expected<T extends { __typename: string }, Name extends T["__typename"]>(answer: T | undefined, name: Name) {
  expect(answer?.__typename).toBe(name);
  return answer as Extract<T, { __typename: Name }>;
}

async function cart(any = client, fetchPolicy: "cache-first" | "network-only" = "cache-first") {
  const { data } = await any.query({ query: CART, fetchPolicy });
  return unmask(CartParts, data?.cart);
}

test("pages are added to the list, to the last one", async () => {
  const PRODUCTS: TypedDocumentNode<{
    products: { nodes: { id: string; name: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
  }> = gql`
    query AllProducts($sort: ProductSort!, $filter: ProductFilter, $first: Int, $after: String) {
      products(sort: $sort, filter: $filter, first: $first, after: $after) {
        nodes { id name }
        pageInfo { hasNextPage endCursor }
      }
    }
  `;
  const variables = { sort: "NAME_ASC", filter: { inStock: true }, first: 20 };
  const list = client.watchQuery({ query: PRODUCTS, variables });
  const watched = list.subscribe(() => {});
  let products = (await client.query({ query: PRODUCTS, variables })).data?.products;
  expect(products?.nodes.length).toBe(20);
  while (products?.pageInfo.hasNextPage) {
    const next = { variables: { after: products.pageInfo.endCursor } };
    await Promise.all([list.fetchMore(next), list.fetchMore(next)]); // as a page does that is scrolled fast
    products = client.readQuery({ query: PRODUCTS, variables })?.products;
  }
  watched.unsubscribe();
  const names = products?.nodes.map(({ name }) => name) ?? [];
  expect(names.length).toBeGreaterThan(40);
  expect(new Set(names).size).toBe(names.length);
  const other = await client.query({ query: PRODUCTS, variables: { ...variables, sort: "PRICE_ASC", first: 3 } });
  expect(other.data?.products.nodes.length).toBe(3); // another order is another list
});

test("an account is opened once", async () => {
  expected(await register(client, { ...SHOPPER, firstName: "Sam", lastName: "" }), "User");
  await client.mutate({ mutation: gql`mutation SignOut { logout }` });
  const { fields } = expected(await register(client, { ...SHOPPER, firstName: "", lastName: "" }), "ValidationError");
  expect(fields.map(({ field }) => field)).toEqual(["email"]);
});

test("every answer with the cart updates it wherever it is shown", async () => {
  const LAMP: TypedDocumentNode<{ search: { nodes: { variants: { id: string }[] }[] } }> = gql`
    query Lamp { search(term: "desk lamp", first: 1) { ... on ProductConnection { nodes { id variants { id } } } } }
  `;
  variantId = (await client.query({ query: LAMP })).data?.search.nodes[0]?.variants[0]?.id ?? "";
  await client.clearStore();
  expect((await cart())?.totalQuantity).toBe(0);
  const before = requests.length;
  for (const quantity of [1, 2]) {
    const { data } = await client.mutate({ mutation: ADD_TO_CART, variables: { input: { variantId, quantity } } });
    expected(data?.addToCart, "Cart");
  }
  expect((await cart())?.totalQuantity).toBe(3);
  expect(requests.length).toBe(before + 2);
});

test("an error of a union has its own fields", async () => {
  const { data } = await client.mutate({ mutation: UPDATE_ITEM, variables: { input: { variantId, quantity: 900 } } });
  const { available, variant } = expected(data?.updateCartItem, "InsufficientStock");
  expect(variant).toMatchObject({ id: variantId, stock: available });
});

test("a guest who signs in keeps the cart, and the cookie keeps the session", async () => {
  expected(await signIn(client, { ...SHOPPER, password: "wrong" }), "InvalidCredentials");
  expected(await signIn(client, SHOPPER), "User");
  for (const any of [client, newClient()]) expect((await cart(any, "network-only"))?.totalQuantity).toBe(3);
});

test("an avatar is uploaded, and named from the store's address", async () => {
  const UPLOAD: TypedDocumentNode<{ updateProfile: { __typename: string; profile: { avatar: { url: string } } } }> = gql`
    mutation Upload($avatar: Upload) {
      updateProfile(input: { avatar: $avatar }) {
        ... on User { id profile { id avatar { id url } } }
        ... on ValidationError { fields { field } }
      }
    }
  `;
  const upload = async (content: BlobPart) => {
    const avatar = new File([content], "me.png", { type: "image/png" });
    return (await client.mutate({ mutation: UPLOAD, variables: { avatar } })).data?.updateProfile;
  };
  const { url } = (await upload(PNG))?.profile.avatar ?? { url: "" };
  expect((await browser(new URL(url, STORE))).headers.get("Content-Type")).toMatch(/^image\//);
  expect(await upload("no picture")).toMatchObject({ __typename: "ValidationError", fields: [{ field: "avatar" }] });
  const ME: TypedDocumentNode<{ me: { profile: { avatar: { url: string } } } }> = gql`
    query Avatar { me { id profile { id avatar { id url } } } }
  `;
  expect((await client.query({ query: ME })).data?.me.profile.avatar.url).toMatch(new RegExp(`^${STORE}/media/`));
});

test("a query goes by its hash once the store knows it", async () => {
  const query: TypedDocumentNode<{ shop: { currency: string } }> = gql(`query Hashed${Date.now()} { shop { currency } }`);
  const sent = async () => {
    const before = requests.length;
    expect((await newClient().query({ query })).data?.shop.currency).toBe("USD");
    return requests.slice(before).map(({ method }) => method);
  };
  expect(await sent()).toEqual(["GET", "POST"]);
  expect(await sent()).toEqual(["GET"]);
  expect(requests.at(-1)?.url.searchParams.has("query")).toBe(false);
});

test("an order is placed once, however often it is sent", async () => {
  const { country, zipCode, state } = SHIPPING;
  await client.mutate({ mutation: SET_DELIVERY, variables: { input: { country, zipCode, state } } });
  const deliveryMethodId = (await cart())?.deliveryOptions[0]?.method.id ?? null;
  await client.mutate({ mutation: SET_DELIVERY, variables: { input: { country, zipCode, state, methodId: deliveryMethodId } } });
  const expectedTotal = (await cart())?.total.amount ?? null;
  const input = { idempotencyKey: crypto.randomUUID(), expectedTotal, deliveryMethodId, shipping: SHIPPING };
  const buy = async () => expected((await client.mutate({ mutation: CHECKOUT, variables: { input } })).data?.checkout, "Order");
  const order = await buy();
  expect(order.payment?.clientSecret).toBeTruthy();
  expect(unmask(OrderParts, order)).toMatchObject({ status: "PENDING", amount: { amount: expectedTotal } });
  uuid = order.uuid;
  expect((await buy()).uuid).toBe(uuid);
  expect((await cart(client, "network-only"))?.totalQuantity).toBe(0);
});

test("a paid order is shipped", async () => {
  await payAtTheFakeStripe();
  await client.mutate({ mutation: REFRESH_PAYMENT, variables: { uuid } });
  const { data } = await client.query({ query: ORDER, variables: { uuid, token: "", byLink: false } });
  expect(unmask(OrderParts, data?.order)).toMatchObject({ status: "SHIPPED", payment: { status: "SUCCEEDED" } });
});

test("what keeps an operation from being answered has a code", async () => {
  const query = gql`query TooLong { products(first: 1000) { nodes { id } } }`;
  const codeOf = (any: typeof client) => any.query({ query }).catch((problem) => problemOf(problem, en).code);
  expect(await codeOf(client)).toBe("BAD_USER_INPUT");
  expect(await codeOf(createClient({ uri: "http://127.0.0.1:9/graphql/", language: "en" }))).toBe("UNREACHABLE");
});

test("the plain script buys something", async () => {
  const { stdout } = await promisify(execFile)("node", ["recipes/buy.mjs", STORE, "mug"]);
  expect(stdout).toMatch(/^.*Mug: order [\d-]+ of \$[\d.]+ is PENDING\.\n$/);
});

/** What the shopper does in the browser with Stripe.js: here, the button of the development's page. */
async function payAtTheFakeStripe(): Promise<void> {
  const visitor = fetchWithCookies();
  const page = await (await visitor(`${STORE}/dev/stripe/`)).text();
  const token = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(page)?.[1] ?? "";
  const body = new URLSearchParams({ csrfmiddlewaretoken: token, button: "Pay" });
  expect((await visitor(`${STORE}/dev/stripe/${uuid}/`, { method: "POST", body })).status).toBe(200);
}
