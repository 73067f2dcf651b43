// What an account is for, and that being a guest loses nothing.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { addToCart, fillIn, launch, makeProduct, makeShopper, PASSWORD, payButton, serveShop, SHOP, visit } from "./shop.mjs";

// A red pixel.
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

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

async function open(path, options) {
  const visitor = await visit(browser, options);
  visitors.push(visitor);
  await visitor.page.goto(SHOP + path);
  return visitor;
}

/** Fills in the form for signing in that is within. */
async function signIn(within, email) {
  await within.getByLabel("E-mail").fill(email);
  await within.getByLabel("Password").fill(PASSWORD);
  await within.getByRole("button", { name: "Sign in" }).click();
}

test("a guest's review waits for the account, and is sent", async () => {
  const product = await makeProduct();
  const { page } = await open(`/products/${product.slug}`, { size: "phone" });
  await page.getByText("Write a review").click();
  await page.getByLabel("4 of 5 stars").check({ force: true });
  await page.getByLabel("Your review").fill("It holds what it promises.");
  await page.reload(); // nothing is lost by that either
  await page.getByText("Write a review").click();
  assert.equal(await page.getByLabel("Your review").inputValue(), "It holds what it promises.");
  await page.getByRole("button", { name: "Publish" }).click();

  const dialog = page.getByRole("dialog", { name: "Sign in" });
  await dialog.getByRole("button", { name: "New here? Open an account" }).click();
  await dialog.getByLabel("First name").fill("Nora");
  await dialog.getByLabel("E-mail").fill(`nora-${crypto.randomUUID()}@example.com`);
  await dialog.getByLabel("Password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Open an account", exact: true }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByText("Thank you. Your review is published.").waitFor();
  await page.getByRole("listitem").getByText("It holds what it promises.").waitFor();
});

test("a guest's report of a review waits for the account, too", async () => {
  const email = await makeShopper();
  const { page } = await open("/products/harbour-stoneware-mug");
  await page.getByRole("button", { name: "Report" }).first().click();
  await page.getByLabel("What is wrong").fill("It is about another mug.");
  await page.getByRole("button", { name: "Report", exact: true }).first().click();
  await signIn(page.getByRole("dialog"), email);
  await page.getByText("Thank you. Somebody will look at it.").waitFor();
});

test("a guest's heart is set after signing in, and the list of favourites has it", async () => {
  const [product, email] = [await makeProduct(), await makeShopper()];
  const { page } = await open(`/products/${product.slug}`);
  const heart = page.getByRole("button", { name: "Favourite" });
  await heart.click();
  await signIn(page.getByRole("dialog"), email);
  await page.getByRole("button", { name: "Favourite", pressed: true }).waitFor();
  await page.goto(`${SHOP}/account/favourites`);
  await page.getByRole("link", { name: product.name }).click();
  await page.getByRole("button", { name: "Favourite", pressed: true }).click();
  await page.getByRole("button", { name: "Favourite", pressed: false }).waitFor();
});

test("addresses, profile, picture and signing out", async () => {
  const { page } = await open("/account/addresses");
  await signIn(page.getByRole("main"), await makeShopper());
  await page.getByRole("button", { name: "New address" }).click();
  await page.getByLabel("Country").selectOption("DE");
  for (const [label, text] of Object.entries({
    "First name": "Alice",
    "Last name": "Allowed",
    Street: "Hauptstraße",
    "Postal code": "10115",
    City: "Berlin",
    Phone: "+49 30 901820",
  })) {
    await page.getByLabel(new RegExp(`^${label}`)).fill(text);
  }
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("10115 Berlin").waitFor();

  await page.getByRole("link", { name: "Profile" }).click();
  await page.getByLabel("Choose a picture").setInputFiles({ name: "me.png", mimeType: "image/png", buffer: PNG });
  const picture = page.getByRole("main").locator("img");
  await picture.waitFor();
  await page.waitForFunction((image) => image.naturalWidth > 0, await picture.elementHandle());
  await page.getByLabel("Name that others see").fill("Alice A.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Well-made things" }).waitFor();
  await page.goto(`${SHOP}/account`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("a session that has ended elsewhere is no dead end", async () => {
  const email = await makeShopper();
  const { page, context } = await open("/account/profile");
  await signIn(page.getByRole("main"), email);
  await page.getByLabel("First name").fill("Alicia");
  await context.clearCookies();
  await page.getByRole("button", { name: "Save" }).click();
  await signIn(page.getByRole("dialog", { name: "Sign in" }), email);
  await page.getByText("Saved.").waitFor();
  assert.equal(await page.getByLabel("First name").inputValue(), "Alicia");
});

test("an account with an unpaid order stays, and says why", async () => {
  const [product, email] = [await makeProduct(), await makeShopper()];
  const { page } = await open("/account");
  await signIn(page.getByRole("main"), email);
  await page.getByRole("heading", { name: "Hello, Alice" }).waitFor();
  await addToCart(page, product.slug);
  await page.goto(`${SHOP}/checkout`);
  await fillIn(page);
  await page.locator("[form=checkout]:enabled").waitFor();
  await payButton(page).click();
  await page.waitForURL(/dev\/stripe/);
  await page.goto(`${SHOP}/account/profile`);
  await page.getByRole("button", { name: "Delete the account" }).click();
  const form = page.locator("form", { has: page.getByRole("button", { name: "Delete the account" }) });
  await form.getByLabel("Password").fill(PASSWORD);
  await form.getByRole("button").click();
  await form.getByRole("alert").getByText(/\S/).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Hello, Alice" }).waitFor();
});

test("a forgotten password, and a link that does not work", async () => {
  const { page } = await open("/forgot-password");
  await page.getByLabel("E-mail").fill("nobody@example.com");
  await page.getByRole("button", { name: "Send me a link" }).click();
  await page.getByText("a link is on its way").waitFor();
  await page.goto(`${SHOP}/verify-email?token=wrong`);
  await page.getByRole("alert").filter({ hasText: /\S/ }).waitFor();
});

test("German, dark, and both again after a reload", async () => {
  const { page } = await open("/");
  await page.getByRole("button", { name: "Deutsch" }).click();
  await page.getByRole("heading", { name: "Gut gemachte Dinge" }).waitFor();
  await page.getByRole("button", { name: "Hell oder dunkel" }).click();
  await page.reload();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  await page.getByText(/^\d+,\d{2}\s\$$/).first().waitFor();
});
