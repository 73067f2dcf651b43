// What the browser tests share: the shop in front of the store, and a headless Chromium that reaches nothing else.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";

import { chromium } from "playwright-core";

export const SHOP = process.env.FRONT_END_URL ?? "http://localhost:3000";
const STORE = process.env.STORE_URL ?? "http://127.0.0.1:8000";
export const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 860 } };
export const PASSWORD = "a-long-enough-secret";

/** Serves the built shop. The answer ends it. */
export async function serveShop(settings = {}) {
  const environment = { ...process.env, STORE_URL: STORE, HOST: "127.0.0.1", PORT: new URL(SHOP).port, ...settings };
  const server = spawn("node", ["server.mjs"], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  await once(server.stdout, "data");
  return () => server.kill();
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-gpu",
      "--no-first-run",
    ],
  });
}

/** A fresh visitor with a page of this size. `complaints` gathers what goes wrong on it. */
export async function visit(browser, { size = "desk", ...options } = {}) {
  const context = await browser.newContext({ viewport: SIZES[size], locale: "en-US", ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A hash that the store does not know yet is a 400 in Apollo's protocol of persisted queries.
    if (message.type() === "error" && !message.text().endsWith("400 (Bad Request)")) complaints.push(message.text());
  });
  return { context, page, complaints };
}

/** The data of an operation at the store itself, with the cookie of a session. */
export async function ask(query, { variables, session } = {}) {
  const response = await fetch(`${STORE}/graphql/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(session && { Cookie: session }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return { data, session: response.headers.getSetCookie().find((cookie) => cookie.startsWith("sessionid="))?.split(";")[0] };
}

/** Signs in at the store. The answer is the session's cookie. */
export async function signInAs(email, password = "demonstration-only") {
  const query = "mutation($input: LoginInput!) { login(input: $input) { __typename ... on UserError { message } } }";
  const { data, session } = await ask(query, { variables: { input: { email, password } } });
  if (data.login.__typename !== "User") throw new Error(data.login.message); // such as too many attempts
  return session;
}

/** The seller's session, of one sign-in for all of a file's tests: the store limits how often one signs in. */
let seller;
const sellersSession = () => (seller ??= signInAs("seller@example.com"));

/** A product of its own for a test, so that tests do not take each other's stock. */
export async function makeProduct(fields = {}) {
  const session = await sellersSession();
  const name = `Test piece ${crypto.randomUUID().slice(0, 8)}`;
  const input = { category: "kitchen", name, description: "For a test.", price: "20.00", stock: 50, ...fields };
  const query = `mutation($input: CreateProductInput!) {
    createProduct(input: $input) { __typename ... on Product { id slug name variants { id } } ... on UserError { message } }
  }`;
  const { data } = await ask(query, { variables: { input }, session });
  if (data.createProduct.__typename !== "Product") throw new Error(data.createProduct.message);
  return { ...data.createProduct, change: (changes) => changeProduct(data.createProduct.id, changes) };
}

async function changeProduct(id, changes) {
  const session = await sellersSession();
  const query = "mutation($input: UpdateProductInput!) { updateProduct(input: $input) { __typename } }";
  await ask(query, { variables: { input: { id, ...changes } }, session });
}

/** A new account's e-mail address. */
export async function makeShopper() {
  const email = `alice-${crypto.randomUUID()}@example.com`;
  const query = "mutation($input: RegisterInput!) { register(input: $input) { __typename ... on UserError { message } } }";
  const input = { email, password: PASSWORD, firstName: "Alice", lastName: "Allowed" };
  const { data } = await ask(query, { variables: { input } });
  if (data.register.__typename !== "User") throw new Error(data.register.message); // such as too many in an hour
  return email;
}

export async function addToCart(page, slug) {
  await page.goto(`${SHOP}/products/${slug}`);
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByRole("dialog", { name: "Your cart" }).getByRole("link", { name: "Go to the checkout" }).waitFor();
}

export const ADDRESS = {
  "First name": "Ada",
  "Last name": "Archer",
  Street: "1 Main Street",
  City: "Springfield",
  "Postal code": "62701",
  Phone: "+1 217 555 0100",
};

/** Fills in the checkout, for a guest in Illinois. */
export async function fillIn(page) {
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Country").selectOption("US");
  await page.getByLabel("State or region").selectOption("IL");
  for (const [label, value] of Object.entries(ADDRESS)) {
    await page.getByLabel(new RegExp(`^${label}`)).fill(value); // "(optional)" may follow
  }
}

export const payButton = (page) => page.getByRole("button", { name: /^Pay / });

/** Presses the shop's button, and then one of the bank's page. */
export async function pay(page, button = "Pay") {
  await payButton(page).click();
  await page.waitForURL(/dev\/stripe/);
  await page.getByRole("button", { name: button, exact: true }).click();
}

/** The link to an order in a mail, once one has been sent after the first `skip`. */
export async function mailedLink(uuid, skip = 0) {
  const link = new RegExp(`^http\\S+/orders/${uuid}\\?token=[\\w.-]+$`, "gm");
  for (let attempt = 0; attempt < 100; attempt++) {
    const found = (await readFile(process.env.STORE_LOG, "utf8")).match(link) ?? [];
    if (found.length > skip) return found[skip];
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("No mail has come.");
}
