// GraphiQL as a newcomer uses it: the examples run as they are, one after the other, and nothing comes from elsewhere.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { complaintsOf, launch } from "./browser.mjs";

const STORE = process.env.STORE_URL;
const requested = [];
let browser, page, complaints;

before(async () => {
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(10_000);
  page = await context.newPage();
  complaints = complaintsOf(page);
  page.on("request", (request) => requested.push(request.url()));
  await page.goto(`${STORE}/graphiql/`);
});

after(() => browser.close());

afterEach(() => {
  assert.deepEqual(complaints.splice(0), []);
  assert(requested.length > 0);
  assert.deepEqual(requested.filter((url) => !url.startsWith(`${STORE}/`) && !url.startsWith("data:")), []);
});

const tab = (name) => page.locator(".graphiql-tab-button", { hasText: name });

/** Runs the example in this tab. Answers with its data, once the page shows them. */
async function run(name) {
  await tab(name).click();
  const [response] = await Promise.all([
    page.waitForResponse((answer) => answer.request().postData()?.includes(` ${name}`)),
    page.getByRole("button", { name: /execute query/i }).click(),
  ]);
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  const [typename] = Object.values(data).map((field) => field.__typename);
  await page.locator(".result-window", { hasText: typename }).waitFor();
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
  return data;
}

test("search", async () => {
  const { search } = await run("Search");
  assert.equal(search.__typename, "ProductConnection");
  assert.match(search.nodes[0].name, /lamp/i);
});

test("cart, for a guest with a cookie", async () => {
  const { addToCart } = await run("AddToCart");
  assert.equal(addToCart.__typename, "Cart");
  assert.equal(addToCart.totalQuantity, 2);
  const [cookie, ...others] = await page.context().cookies();
  assert.deepEqual(others, []);
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, "Lax");
});

test("checkout, and the same order again", async () => {
  const { checkout } = await run("Checkout");
  assert.equal(checkout.__typename, "Order");
  assert.equal(checkout.status, "PENDING");
  assert.equal((await run("Checkout")).checkout.uuid, checkout.uuid);
});

test("comment, once the order is paid", async () => {
  const payments = await page.context().newPage();
  await payments.goto(`${STORE}/dev/stripe/`);
  await payments.getByRole("button", { name: "Pay" }).first().click();
  await payments.getByText("is SHIPPED").waitFor();
  await payments.close();
  assert.equal((await run("Checkout")).checkout.status, "SHIPPED");

  const { login, createComment } = await run("Comment");
  assert.equal(login.__typename, "User");
  assert.equal(createComment.__typename, "Comment");
  assert.equal(createComment.verifiedPurchase, true);
  assert.equal((await run("Comment")).createComment.__typename, "Comment", "a second time, too");
});

test("the documentation explorer", async () => {
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  const explorer = page.locator(".graphiql-plugin");
  await explorer.getByRole("link", { name: "Mutation" }).click();
  await explorer.getByText("Signs in. The guest's cart and orders move to the account.").waitFor();
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/docs.png` });
  await page.getByRole("button", { name: "Hide Documentation Explorer" }).click();
});

test("headers are not kept, and tabs are", async () => {
  await tab("Search").click();
  await page.getByRole("button", { name: "Headers" }).click();
  await page.locator(".graphiql-editor-tool .CodeMirror:visible").click();
  await page.keyboard.type('{"X-Secret": "hush');
  await page.locator(".graphiql-editor-tool", { hasText: "hush" }).waitFor();
  await page.waitForTimeout(1500); // GraphiQL writes by and by
  const stored = await page.evaluate(() => JSON.stringify(localStorage));
  assert.match(stored, /query Search/);
  assert.doesNotMatch(stored, /hush/);
  await page.getByRole("button", { name: "Open settings dialog" }).click();
  await page.getByText("Theme").first().waitFor();
  assert.equal(await page.getByText("Persist headers").count(), 0);
});
