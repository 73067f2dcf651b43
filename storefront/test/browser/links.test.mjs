// The link that a mail has to an order, in a browser that has not placed it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addToCart, fillIn, launch, mailedLink, makeProduct, pay, payButton, serveShop, SHOP, visit } from "./shop.mjs";

let browser, stop;
before(async () => {
  stop = await serveShop();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  stop?.();
});

/** Buys something as a guest, and pays unless told otherwise. */
async function buy({ pays = true } = {}) {
  const product = await makeProduct();
  const { context, page } = await visit(browser);
  await addToCart(page, product.slug);
  await page.goto(`${SHOP}/checkout`);
  await fillIn(page);
  if (pays) await pay(page);
  else {
    await payButton(page).click();
    await page.waitForURL(/dev\/stripe/);
    await page.goto(SHOP + new URL(page.url()).searchParams.get("next"));
  }
  const number = (await page.getByText(/^Order \d/).textContent()).replace("Order ", "");
  const { pathname } = new URL(page.url());
  await context.close();
  return { product, number, path: pathname, uuid: pathname.split("/").at(-1) };
}

test("opens the order, and is seen by nobody else", async () => {
  const { product, path, uuid } = await buy();
  const link = await mailedLink(uuid);
  const token = new URL(link).searchParams.get("token");
  const { context, page, complaints } = await visit(browser, { size: "phone" });
  const requests = [];
  page.on("request", (request) => requests.push([request.url(), request.headers().referer ?? ""].join(" ")));
  await page.goto(`${SHOP}/`);
  const answer = await page.goto(link);
  await page.getByRole("heading", { name: "Thank you." }).waitFor();
  await page.getByRole("link", { name: product.name }).waitFor();

  assert.equal(answer.headers()["referrer-policy"], "no-referrer");
  assert.equal(answer.headers()["cache-control"], "no-store");
  assert.equal(page.url(), SHOP + path);
  assert.deepEqual(requests.filter((request) => request.includes(token)), [`${link} `]);
  await page.reload();
  await page.getByRole("heading", { name: "Thank you." }).waitFor();
  await page.goBack();
  await page.waitForURL(`${SHOP}/`);
  assert.deepEqual(complaints, []);
  await context.close();

  const stranger = await visit(browser);
  await stranger.page.goto(`${link.slice(0, -1)}${link.endsWith("A") ? "B" : "A"}`);
  await stranger.page.getByRole("heading", { name: "We cannot show this order here" }).waitFor();
  await stranger.context.close();
});

test("comes again by number and e-mail, and pays the order", async () => {
  const { path, number, uuid } = await buy({ pays: false });
  const { context, page, complaints } = await visit(browser, { size: "phone" });
  await page.goto(SHOP + path);
  await page.getByLabel("Order number").fill(number);
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByRole("button", { name: "Send me the link" }).click();
  await page.getByText("a link is on its way").waitFor();
  await page.goto(await mailedLink(uuid));
  await page.getByRole("link", { name: /^Pay / }).click();
  await page.getByRole("button", { name: "Pay", exact: true }).click();
  await page.getByRole("heading", { name: "Thank you." }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("cancels the order", async () => {
  const { path, number, uuid } = await buy({ pays: false });
  const { context, page } = await visit(browser);
  await page.goto(SHOP + path);
  await page.getByLabel("Order number").fill(number);
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByRole("button", { name: "Send me the link" }).click();
  await page.goto(await mailedLink(uuid));
  await page.getByRole("button", { name: "Cancel the order" }).click();
  await page.getByText("Cancel this order?").waitFor();
  await page.getByRole("button", { name: "Cancel the order" }).click();
  await page.getByRole("heading", { name: "Cancelled" }).waitFor();
  await context.close();
});

test("shows the parcel, and asks for a return", async () => {
  const { product, uuid } = await buy();
  const { context, page, complaints } = await visit(browser, { size: "phone" });
  await page.goto(await mailedLink(uuid));
  await page.getByRole("heading", { name: "Parcel" }).waitFor();
  await page.getByRole("button", { name: "Return something" }).click();
  await page.getByRole("button", { name: "Ask for the return" }).click();
  await page.getByText("Choose what to return.").waitFor(); // the store says what is missing
  await page.getByLabel(product.name).selectOption("1");
  await page.getByLabel(/^Reason/).fill("Too small");
  await page.getByRole("button", { name: "Ask for the return" }).click();
  await page.getByText("Return asked for").waitFor();
  assert.equal(await page.getByRole("button", { name: "Return something" }).count(), 0); // nothing is left
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/return.png`, fullPage: true });
  assert.deepEqual(complaints, []);
  await context.close();
});
