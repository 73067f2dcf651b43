// A shopper's visit with the real Apollo Client, against the store at STORE_URL; the tests build on one another.
import assert from "node:assert/strict";
import { afterEach, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { gql, type TypedDocumentNode } from "@apollo/client";

import { createClient } from "../src/client";
import { fetchWithCookies } from "../src/cookies";
import { problemOf } from "../src/errors";
import type { ProductCardFragment } from "../src/gql/graphql";
import * as operations from "../src/operations";
import { register, signIn, signOut } from "../src/session";

const STORE = process.env["STORE_URL"];
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
let signInNeeded = 0;

const recording: typeof fetch = (input, init) => {
  requests.push({ method: init?.method ?? "GET", url: new URL(String(input)), body: init?.body });
  return browser(input, init);
};
const newClient = () =>
  createClient({ uri: `${STORE}/graphql/`, fetch: recording, onSignInNeeded: () => (signInNeeded += 1) });
const client = newClient();
const complaints: unknown[][] = [];
let lamp: ProductCardFragment;
let orderUuid: string;

before(() => {
  console.warn = console.error = (...what) => complaints.push(what);
});

afterEach(() => {
  assert.deepEqual(complaints.splice(0), [], "Apollo has something to complain about");
});

/** The only member of a list. */
function only<T>(list: readonly T[]): T {
  assert.equal(list.length, 1);
  return list[0] as T;
}

/** The result, which must be this member of its union. */
function expected<T extends { __typename: string }, Name extends T["__typename"]>(
  result: T | undefined,
  name: Name,
): Extract<T, { __typename: Name }> {
  assert.equal(result?.__typename, name, JSON.stringify(result));
  return result as Extract<T, { __typename: Name }>;
}

test("pages are added to the list, to the last one", async () => {
  const variables = { sort: "NAME_ASC", filter: { inStock: true }, first: 20 } as const;
  const list = client.watchQuery({ query: operations.PRODUCTS, variables });
  let shown = 0;
  const page = list.subscribe(({ data }) => (shown = data?.products?.nodes?.length ?? 0));
  let products = (await client.query({ query: operations.PRODUCTS, variables })).data?.products;
  assert.equal(products?.nodes.length, 20);
  while (products?.pageInfo.hasNextPage) {
    const next = { variables: { after: products.pageInfo.endCursor } };
    await Promise.all([list.fetchMore(next), list.fetchMore(next)]); // as a page does that is scrolled fast
    products = client.readQuery({ query: operations.PRODUCTS, variables })?.products;
  }
  await delay(50); // Apollo tells the watchers by and by
  page.unsubscribe();
  const names = products?.nodes.map(({ name }) => name) ?? [];
  assert(names.length > 40);
  assert.equal(shown, names.length);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(names, [...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));

  const other = await client.query({
    query: operations.PRODUCTS,
    variables: { ...variables, sort: "PRICE_ASC", first: 3 },
  });
  assert.equal(other.data?.products.nodes.length, 3, "another order is another list");
});

test("edges are paged through as nodes are, also of entries without an id", async () => {
  const query: TypedDocumentNode<{
    sitemap: {
      edges: { cursor: string; node: { slug: string } }[];
      nodes: { slug: string }[];
      pageInfo: { hasPreviousPage: boolean; startCursor: string; endCursor: string };
    };
  }> = gql`
    query Sitemap($after: String) {
      sitemap(first: 20, after: $after) {
        edges { cursor node { slug } }
        nodes { slug }
        pageInfo { hasPreviousPage startCursor endCursor }
      }
    }
  `;
  const first = (await client.query({ query })).data?.sitemap;
  const variables = { after: first?.pageInfo.endCursor };
  await client.query({ query, variables, fetchPolicy: "network-only" });
  const both = client.readQuery({ query })?.sitemap;
  assert.equal(new Set(both?.nodes.map(({ slug }) => slug)).size, 40);
  assert.deepEqual(both?.edges.map(({ node }) => node), both?.nodes);
  assert.equal(both?.pageInfo.hasPreviousPage, false);
  assert.equal(both.pageInfo.startCursor, first?.pageInfo.startCursor);
  assert.equal(both.pageInfo.endCursor, both.edges.at(-1)?.cursor);
});

test("an account is opened once", async () => {
  expected(await register(client, { ...SHOPPER, firstName: "Sam" }), "User");
  assert.equal((await client.query({ query: operations.ME })).data?.me?.email, SHOPPER.email);
  await signOut(client);
  const again = expected(await register(client, SHOPPER), "ValidationError");
  assert.equal(only(again.fields).field, "email");
});

test("search finds something, or says what else to try", async () => {
  const found = await client.query({ query: operations.SEARCH, variables: { term: "desk lamp", first: 1 } });
  lamp = only(expected(found.data?.search, "ProductConnection").nodes);
  assert.match(lamp.name, /lamp/i);
  const nothing = await client.query({ query: operations.SEARCH, variables: { term: "xyzzyx" } });
  assert.match(expected(nothing.data?.search, "NoProductMatches").message, /xyzzyx/);
});

test("what belongs to the same picture and price is kept together", async () => {
  const variables = { slug: lamp.slug };
  const [small, large] = [
    gql`query Small($slug: String!) {
      product(slug: $slug) { id image { url thumbnail(size: SMALL) } price { amount currency } }
    }`,
    gql`query Large($slug: String!) {
      product(slug: $slug) { id image { url thumbnail(size: LARGE) } price { amount minorUnits } }
    }`,
  ];
  await client.query({ query: small, variables });
  await client.query({ query: large, variables });
  const before = requests.length;
  for (const query of [small, large]) await client.query({ query, variables });
  assert.equal(requests.length, before);
});

test("every answer with the cart updates it wherever it is shown", async () => {
  const shown: number[] = [];
  const watched = client.watchQuery({ query: operations.CART }).subscribe(({ data, dataState }) => {
    if (dataState === "complete") shown.push(data.cart.totalQuantity);
  });
  await client.query({ query: operations.CART });
  const before = requests.length;
  for (const quantity of [1, 2]) {
    const { data } = await client.mutate({
      mutation: operations.ADD_TO_CART,
      variables: { productId: lamp.id, quantity },
    });
    expected(data?.addToCart, "Cart");
  }
  assert.equal(requests.length, before + 2, "two mutations and nothing else");
  assert.deepEqual(shown, [0, 1, 3]);
  watched.unsubscribe();
});

test("an error of a union has its own fields", async () => {
  const { data } = await client.mutate({
    mutation: operations.ADD_TO_CART,
    variables: { productId: lamp.id, quantity: 900 },
  });
  const refused = expected(data?.addToCart, "InsufficientStock");
  assert.equal(refused.code, "INSUFFICIENT_STOCK");
  assert.equal(refused.available, refused.product.stock);
  assert.equal(refused.product.id, lamp.id);
});

test("a guest who signs in keeps the cart, and the cookie keeps the session", async () => {
  const wrong = await signIn(client, { ...SHOPPER, password: "wrong" });
  assert.equal(expected(wrong, "InvalidCredentials").code, "INVALID_CREDENTIALS");
  assert.equal((await client.query({ query: operations.ME })).data?.me, null);

  expected(await signIn(client, SHOPPER), "User");
  for (const any of [client, newClient()]) {
    assert.equal((await any.query({ query: operations.ME })).data?.me?.email, SHOPPER.email);
    assert.equal((await any.query({ query: operations.CART })).data?.cart.totalQuantity, 3);
  }
});

test("an avatar is uploaded, and shown wherever the person is", async () => {
  const avatar = new File([PNG], "me.png", { type: "image/png" });
  const { data } = await client.mutate({ mutation: operations.UPLOAD_AVATAR, variables: { avatar } });
  const uploaded = expected(data?.updateProfile, "User").profile.avatar;
  assert(uploaded);
  assert.deepEqual((await client.query({ query: operations.ME })).data?.me?.profile.avatar, uploaded);
  const picture = await browser(new URL(uploaded.url, STORE));
  assert.match(picture.headers.get("Content-Type") ?? "", /^image\//);
});

test("nothing of the old picture is shown with the new one", async () => {
  const mutation = gql`mutation NewAvatar($avatar: Upload!) {
    updateProfile(input: { avatar: $avatar }) { ... on User { id profile { id avatar { url } } } }
  }`;
  const avatar = new File([PNG], "me.png", { type: "image/png" });
  await client.mutate({ mutation, variables: { avatar } });
  assert.equal(client.readQuery({ query: operations.ME }), null, "its thumbnail is to be fetched");
  assert((await client.query({ query: operations.ME })).data?.me?.profile.avatar?.thumbnail);
});

test("what is no picture is refused by a field's error", async () => {
  const avatar = new File(["no picture"], "me.png", { type: "image/png" });
  const { data } = await client.mutate({ mutation: operations.UPLOAD_AVATAR, variables: { avatar } });
  assert.equal(only(expected(data?.updateProfile, "ValidationError").fields).field, "avatar");
});

test("a query goes by its hash once the store knows it", async () => {
  // One that no store has seen yet.
  const query: TypedDocumentNode<{ shop: { currency: string } }> = gql(
    `query Hashed${Date.now()} { shop { currency } }`,
  );
  const sent = async (any = newClient()) => {
    const before = requests.length;
    assert.equal((await any.query({ query })).data?.shop.currency, "USD");
    return requests.slice(before);
  };
  const [asked, told] = await sent();
  assert(asked && told);
  assert.equal(asked.method, "GET");
  assert.equal(asked.url.searchParams.has("query"), false);
  assert.match(told.url.searchParams.get("query") ?? String(told.body), /Hashed/);

  const again = only(await sent());
  assert.equal(again.method, "GET");
  assert.equal(again.url.searchParams.has("query"), false);
});

test("an order is placed once, however often it is sent", async () => {
  const expectedTotal = (await client.query({ query: operations.CART })).data?.cart.total.amount ?? null;
  const input = { idempotencyKey: crypto.randomUUID(), expectedTotal, shipping: SHIPPING };
  const buy = async () => {
    const { data } = await client.mutate({
      mutation: operations.CHECKOUT,
      variables: { input },
      refetchQueries: [operations.CART],
    });
    return expected(data?.checkout, "Order");
  };
  const order = await buy();
  assert.equal(order.status, "PENDING");
  assert.equal(order.amount.amount, expectedTotal);
  assert(order.payment?.clientSecret);
  assert.equal((await buy()).uuid, order.uuid);
  const { data } = await client.query({ query: operations.CART, fetchPolicy: "network-only" });
  assert.equal(data?.cart.totalQuantity, 0);
  orderUuid = order.uuid;
});

test("a paid order is shipped", async () => {
  await payAtTheFakeStripe(orderUuid);
  const { data } = await client.query({ query: operations.ORDER, variables: { uuid: orderUuid } });
  assert.equal(data?.order?.status, "SHIPPED");
  assert.equal(data.order.payment?.status, "SUCCEEDED");
  const refreshed = await client.mutate({
    mutation: operations.REFRESH_PAYMENT,
    variables: { uuid: orderUuid },
  });
  assert.equal(expected(refreshed.data?.refreshPayment, "Order").status, "SHIPPED");
});

test("what keeps an operation from being answered has a code", async () => {
  const badPage = client.query({ query: operations.PRODUCTS, variables: { first: 1000 } });
  await assert.rejects(badPage, (error) => problemOf(error).code === "BAD_USER_INPUT");
  const nobody = createClient({ uri: "http://127.0.0.1:9/graphql/" });
  const unheard = nobody.query({ query: operations.ME });
  await assert.rejects(unheard, (error) => problemOf(error).code === "UNREACHABLE");
});

test("signing out leaves nothing of the account behind", async () => {
  await signOut(client);
  assert.equal((await client.query({ query: operations.ME })).data?.me, null);
  const avatar = new File([PNG], "me.png", { type: "image/png" });
  const upload = client.mutate({ mutation: operations.UPLOAD_AVATAR, variables: { avatar } });
  await assert.rejects(upload, (error) => problemOf(error).code === "UNAUTHENTICATED");
  assert.equal(signInNeeded, 1);
});

/** What the shopper does in the browser with Stripe.js: here, the button of the development's page. */
async function payAtTheFakeStripe(uuid: string): Promise<void> {
  const visitor = fetchWithCookies();
  const page = await (await visitor(`${STORE}/dev/stripe/`)).text();
  const token = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(page)?.[1] ?? "";
  const body = new URLSearchParams({ csrfmiddlewaretoken: token, button: "Pay" });
  const answer = await visitor(`${STORE}/dev/stripe/${uuid}/`, { method: "POST", body });
  assert.equal(answer.status, 200);
}
