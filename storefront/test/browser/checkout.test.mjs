// What can come between a shopper and an order.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import {
  addToCart,
  ask,
  fillIn,
  launch,
  makeProduct,
  makeShopper,
  PASSWORD,
  pay,
  payButton,
  serveShop,
  SHOP,
  visit,
} from "./shop.mjs";

let browser, stop;
const visitors = [];
before(async () => {
  stop = await serveShop();
  browser = await launch();
});
afterEach(async () => {
  for (const { context } of visitors.splice(0)) await context.close();
});
after(async () => {
  await browser?.close();
  stop?.();
});

/** A guest at the checkout, with the product in the cart and everything filled in. */
async function atCheckout(product, size = "phone") {
  const visitor = await visit(browser, { size });
  visitors.push(visitor);
  await addToCart(visitor.page, product.slug);
  await visitor.page.getByRole("link", { name: "Go to the checkout" }).click();
  await fillIn(visitor.page);
  await visitor.page.getByText("Delivery, Standard").waitFor();
  await visitor.page.locator("[form=checkout]:enabled").waitFor();
  return visitor;
}

const thanks = (page) => page.getByRole("heading", { name: "Thank you." });

/** How many orders the visitor's payments at the fake are for. */
async function ordersOf(product) {
  const { data } = await ask("query($slug: String!) { product(slug: $slug) { stock } }", { variables: { slug: product.slug } });
  return 50 - data.product.stock;
}

test("a price that changes under the cart is said, and paid only after another look", async () => {
  const product = await makeProduct();
  const { page } = await atCheckout(product);
  await product.change({ price: "23.00" });
  await payButton(page).click();
  await page.getByRole("alert").getByText(/The total is now/).waitFor();
  await page.getByText(`The price of ${product.name} was $20.00 and is now $23.00.`).waitFor();
  assert.equal(await ordersOf(product), 0);
  await pay(page);
  await thanks(page).waitFor();
  await page.getByText("$23.00").first().waitFor();
});

test("a postal code that the country does not have is said at its field", async () => {
  const { page } = await atCheckout(await makeProduct());
  const code = page.getByLabel(/^Postal code/);
  await code.fill("627");
  const message = page.getByText("This is not valid in this country.");
  await message.waitFor();
  const notes = page.locator(`[id="${await code.getAttribute("aria-describedby")}"]`);
  assert.match(await notes.textContent(), /This is not valid in this country/);
  await code.fill("62701");
  await message.waitFor({ state: "detached" });
});

test("until the country is chosen, neither delivery nor tax is known", async () => {
  const product = await makeProduct();
  const { context, page } = await visit(browser);
  visitors.push({ context });
  await addToCart(page, product.slug);
  await page.getByRole("link", { name: "View the cart" }).click();
  await page.getByLabel("Deliver to").waitFor();
  assert.equal(await page.getByText("not known yet").count(), 2);
  await page.getByLabel("Deliver to").selectOption("CA");
  await page.getByText("not known yet").first().waitFor({ state: "detached" });
});

test("the last unit is lost to somebody else", async () => {
  const product = await makeProduct({ stock: 1 });
  const { page } = await atCheckout(product);
  await product.change({ stock: 0 });
  await payButton(page).click();
  await page.getByRole("alert").getByText(`${product.name} has just sold out.`).waitFor();
  await page.getByRole("button", { name: "Remove" }).first().click();
  await page.getByText("Your cart is empty.").waitFor();
});

test("a card is declined, and then pays", async () => {
  const { page } = await atCheckout(await makeProduct());
  await pay(page, "Decline");
  await page.getByRole("heading", { name: "Waiting for payment" }).waitFor();
  await page.getByText("You can try again.").waitFor();
  await page.getByRole("link", { name: /^Pay / }).click();
  await page.getByRole("button", { name: "Pay", exact: true }).click();
  await thanks(page).waitFor();
});

test("3-D Secure", async () => {
  const { page } = await atCheckout(await makeProduct());
  await pay(page, "3-D Secure");
  await page.getByRole("button", { name: "Complete" }).click();
  await thanks(page).waitFor();
});

test("a payment that the bank still processes", async () => {
  const { page } = await atCheckout(await makeProduct());
  await pay(page, "Processing");
  await page.getByText("Your bank is processing the payment.").waitFor();
  const bank = await page.context().newPage();
  const order = page.url().split("/").at(-1);
  await bank.goto(`${SHOP}/dev/stripe/?order=${order}`);
  await bank.getByRole("button", { name: "Complete" }).click();
  await thanks(page).waitFor();
});

test("pressed twice, it is one order", async () => {
  const product = await makeProduct();
  const { page } = await atCheckout(product);
  await payButton(page).dblclick();
  await page.waitForURL(/dev\/stripe/);
  assert.equal(await ordersOf(product), 1);
});

test("going back from the bank leads to the order, and not to a second one", async () => {
  const product = await makeProduct();
  const { page } = await atCheckout(product);
  await payButton(page).click();
  await page.waitForURL(/dev\/stripe/);
  await page.goBack();
  await page.waitForURL(/orders\//);
  await page.getByRole("heading", { name: "Waiting for payment" }).waitFor();
  await page.goto(`${SHOP}/checkout`);
  await page.getByText("Your cart is empty.").waitFor();
  assert.equal(await ordersOf(product), 1);
});

test("the answer to an order is lost, and a reload finds the order", async () => {
  const product = await makeProduct();
  const { page } = await atCheckout(product);
  await page.route("**/graphql/", async (route) => {
    if (!route.request().postData()?.includes("mutation Checkout")) return route.continue();
    await route.fetch(); // the store places the order
    await route.abort();
  });
  await payButton(page).click();
  await page.getByRole("alert").getByText("The shop did not answer.").waitFor();
  assert.equal(await ordersOf(product), 1);
  await page.unroute("**/graphql/");
  await page.reload();
  await page.waitForURL(/dev\/stripe/);
  assert.equal(await ordersOf(product), 1);
});

test("offline, nothing typed is lost, and it goes on", async () => {
  const product = await makeProduct();
  const { page, context } = await atCheckout(product);
  await context.setOffline(true);
  await page.getByText("You are offline.").waitFor();
  await payButton(page).click();
  await page.getByRole("alert").getByText("The shop did not answer.").waitFor();
  await context.setOffline(false);
  await page.getByText("You are offline.").waitFor({ state: "hidden" });
  await page.reload();
  assert.equal(await page.getByLabel("City").inputValue(), "Springfield");
  await page.locator("[form=checkout]:enabled").waitFor();
  await pay(page);
  await thanks(page).waitFor();
  assert.equal(await ordersOf(product), 1);
});

test("signing in at the checkout with a full cart keeps the cart and the address", async () => {
  const email = await makeShopper();
  const product = await makeProduct();
  const { page } = await atCheckout(product, "desk");
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in" });
  await dialog.getByLabel("E-mail").fill(email);
  await dialog.getByLabel("Password").fill("wrong");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.getByText("The e-mail address or the password is wrong.").waitFor();
  await dialog.getByLabel("Password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await page.getByLabel("City").inputValue(), "Springfield");
  await page.getByText(`1 × ${product.name}`).waitFor();
  await page.locator("[form=checkout]:enabled").waitFor();
  await pay(page);
  await thanks(page).waitFor();
  await page.goto(`${SHOP}/account`);
  await page.getByText(`1 × ${product.name}`).waitFor();
});

test("an address that the store refuses is said beside its field", async () => {
  const { page } = await atCheckout(await makeProduct());
  await page.getByLabel(/^Phone/).fill("12");
  await payButton(page).click();
  await page.locator("input[name=phone][aria-invalid=true]:focus").waitFor();
});

test("with the keyboard alone", async () => {
  const product = await makeProduct();
  const visitor = await visit(browser);
  visitors.push(visitor);
  const { page } = visitor;
  const { keyboard } = page;
  await page.goto(`${SHOP}/products/${product.slug}`);
  await page.getByRole("button", { name: "Add to cart" }).focus();
  await keyboard.press("Enter");
  const go = page.getByRole("dialog").getByRole("link", { name: "Go to the checkout" });
  await go.waitFor();
  await tabTo(page, go);
  await keyboard.press("Enter");
  await page.getByLabel("E-mail").waitFor();
  await tabTo(page, page.getByLabel("E-mail"));
  await keyboard.type("ada@example.com");
  await tabTo(page, page.getByLabel("Country"));
  await keyboard.type("United States");
  const texts = { "First name": "Ada", "Last name": "Archer", Street: "1 Main Street", City: "Springfield" };
  for (const [label, text] of Object.entries(texts)) {
    await page.getByLabel(new RegExp(`^${label}`)).waitFor();
    await tabTo(page, page.getByLabel(new RegExp(`^${label}`)));
    await keyboard.type(text);
  }
  await tabTo(page, page.getByLabel(/^State/));
  await keyboard.type("Illinois");
  await tabTo(page, page.getByLabel(/^Postal code/));
  await keyboard.type("62701");
  await tabTo(page, page.getByLabel(/^Phone/));
  await keyboard.type("+12175550100");
  await page.getByText("Delivery, Standard").waitFor();
  await page.locator("[form=checkout]:enabled").waitFor();
  await tabTo(page, payButton(page));
  await keyboard.press("Enter");
  await page.waitForURL(/dev\/stripe/);
});

/** Tabs until the element has the focus, as a person does who knows no other way. */
async function tabTo(page, locator) {
  for (let presses = 0; presses < 80; presses++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("It cannot be reached by tabbing.");
}
