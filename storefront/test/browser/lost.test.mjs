// A purchase over a network that takes 300 ms for each request, and loses the first answer to each operation.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { findFreePort, serveBadNetwork } from "./network.mjs";
import { ask, fillIn, launch, mailedLink, makeProduct, payButton, serveShop, SHOP, visit } from "./shop.mjs";

let browser, stop, network;
const known = new Set();

before(async () => {
  const port = await findFreePort();
  stop = await serveShop({ PORT: String(port) });
  network = await serveBadNetwork({ port: new URL(SHOP).port, target: `http://127.0.0.1:${port}`, isLost });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  network?.stop();
  stop?.();
});

/** The first answer to each operation, and the first request for each script. */
function isLost(address, body) {
  const { pathname, searchParams } = new URL(address, SHOP);
  const operation = searchParams.get("operationName") ?? body.match(/"operationName":"(\w+)"/)?.[1];
  const script = pathname.match(/\/assets\/(\w+)-[\w-]+\.js/)?.[1];
  const name = pathname === "/graphql/" ? operation : script && `script of ${script}`;
  if (!name || known.has(name)) return null;
  known.add(name);
  return operation ? "answer" : "request";
}

test("each answer is lost once, and it is one order nonetheless", async () => {
  const product = await makeProduct({ options: ["Size"], variants: variants(), stock: undefined, price: undefined });
  const { context, page } = await visit(browser, { size: "phone" });
  context.setDefaultTimeout(25_000);
  await page.goto(`${SHOP}/search?q=${encodeURIComponent(product.name)}`);
  await page.getByRole("link", { name: product.name }).click();
  await page.getByText("L", { exact: true }).click();
  await page.getByRole("button", { name: "Add to cart" }).click();
  // The answer had the session with it. Sent again, it makes another visitor, and one is in their cart.
  const drawer = page.getByRole("dialog", { name: "Your cart" });
  await drawer.getByRole("button", { name: "One more" }).click();
  await drawer.getByText("$40.00").first().waitFor();
  await drawer.getByRole("link", { name: "Go to the checkout" }).click();

  await fillIn(page);
  await page.getByLabel("Discount code").fill("WELCOME10");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText("Discount, with WELCOME10").waitFor();
  await page.getByLabel(/Express/).check();
  await page.getByText("Delivery, Express").waitFor();
  await page.locator("[form=checkout]:enabled").waitFor();
  await payButton(page).click();
  await page.waitForURL(/dev\/stripe/);
  await page.getByRole("button", { name: "Pay", exact: true }).click();
  await page.getByRole("heading", { name: "Thank you." }).waitFor();
  assert.equal(await stockOf(product), 48);
  const uuid = page.url().split("/").at(-1);
  await context.close();

  const other = await visit(browser, { size: "phone" });
  other.context.setDefaultTimeout(25_000);
  await other.page.goto(await mailedLink(uuid));
  await other.page.getByRole("button", { name: "Return something" }).click();
  await other.page.getByLabel(product.name).selectOption("1");
  await other.page.getByLabel(/^Reason/).fill("Too small");
  await other.page.getByRole("button", { name: "Ask for the return" }).click();
  // It may not be sent again by itself. The store has it, and the page shows that.
  await other.page.getByText("Return asked for").waitFor();
  assert.equal(await other.page.getByText("Return asked for").count(), 1);
  await other.context.close();
  assert.equal(network.lost.length, known.size);
  for (const name of ["Checkout", "AddToCart", "SetCartDelivery", "RequestReturn", "script of index", "script of CartDrawer"]) {
    assert(known.has(name), name);
  }
});

function variants() {
  return ["M", "L"].map((size) => ({ optionValues: [size], price: "20.00", stock: 50 }));
}

async function stockOf({ slug }) {
  const { data } = await ask("query($slug: String!) { product(slug: $slug) { variants { title stock } } }", { variables: { slug } });
  return data.product.variants.find(({ title }) => title === "L").stock;
}
