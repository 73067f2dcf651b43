// Stripe's Payment Element, with a stand-in for Stripe.js that keeps what it was called with.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { addToCart, fillIn, launch, makeProduct, payButton, serveShop, SHOP, visit } from "./shop.mjs";

const KEY = "pk_test_of_the_stand_in";
const STAND_IN = `
  globalThis.calls = [];
  const element = {
    on(event, listen) { if (event === "ready") setTimeout(listen); return this; },
    mount(place) { place.append("The form of Stripe"); },
    destroy() {},
  };
  globalThis.Stripe = (...given) => {
    calls.push(["Stripe", ...given]);
    return {
      elements(options) {
        calls.push(["elements", options]);
        return { create: (kind) => (calls.push(["create", kind]), element), getElement: () => element };
      },
      confirmPayment({ elements, ...options }) {
        calls.push(["confirmPayment", options]);
        return globalThis.bank(options.confirmParams.return_url);
      },
    };
  };`;

let browser, stop, visitor;
before(async () => {
  stop = await serveShop();
  browser = await launch();
});
afterEach(() => visitor?.context.close());
after(async () => {
  await browser?.close();
  stop?.();
});

/**
 * A guest with a placed order at a shop that has a publishable key. `bank` answers in Stripe's place; without `script`,
 * Stripe cannot be reached.
 */
async function atPayment({ bank, script = STAND_IN }) {
  const product = await makeProduct();
  visitor = await visit(browser, { size: "phone" });
  const { page } = visitor;
  await page.exposeFunction("bank", bank);
  await page.route("https://js.stripe.com/**", (route) => (script ? route.fulfill({ contentType: "text/javascript", body: script }) : route.abort()));
  await page.route(`${SHOP}/**`, async (route) => {
    if (route.request().resourceType() !== "document") return route.continue();
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: body.replace('"stripePublishableKey":null', `"stripePublishableKey":"${KEY}"`) });
  });
  await addToCart(page, product.slug);
  await page.goto(`${SHOP}/checkout`);
  await fillIn(page);
  await page.locator("[form=checkout]:enabled").waitFor();
  await payButton(page).click();
  await page.waitForURL(/\/orders\//);
  return page;
}

/** What the card's bank does with the order's payment. */
async function act(order, button) {
  const bank = await visitor.context.newPage();
  await bank.goto(`${SHOP}/dev/stripe/?order=${order.split("/").at(-1)}`);
  await bank.getByRole("button", { name: button, exact: true }).click();
  await bank.getByRole("status").waitFor();
  await bank.close();
}

const calls = (page) => page.evaluate(() => globalThis.calls);
const payNow = (page) => page.getByRole("button", { name: "Pay", exact: true });

test("a card is declined, and then pays", async () => {
  const answers = [{ error: { message: "Your card was declined." } }, {}];
  const page = await atPayment({
    async bank(order) {
      const answer = answers.shift();
      if (!answer.error) await act(order, "Pay");
      return answer;
    },
  });
  await page.getByText("The form of Stripe").waitFor();
  await payNow(page).click();
  await page.getByRole("alert").getByText("Your card was declined.").waitFor();
  await payNow(page).click();
  await page.getByRole("heading", { name: "Thank you." }).waitFor();

  const [made, elements, created, ...confirmed] = await calls(page);
  assert.deepEqual(made, ["Stripe", KEY, { locale: "en" }]);
  assert.match(elements[1].clientSecret, /^pi_\w+_secret_\w+$/);
  assert.deepEqual(created, ["create", "payment"]);
  const params = { redirect: "if_required", confirmParams: { return_url: page.url() } };
  assert.deepEqual(confirmed, [["confirmPayment", params], ["confirmPayment", params]]);
  assert.deepEqual(visitor.complaints, []);
});

for (const [button, heading] of [["Complete", "Thank you."], ["Refuse", "Waiting for payment"]]) {
  test(`back from 3-D Secure, after ${button}`, async () => {
    const page = await atPayment({
      async bank(order) {
        await act(order, "3-D Secure");
        await act(order, button);
        const status = button === "Complete" ? "succeeded" : "failed";
        const address = `${order}?payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_2&redirect_status=${status}`;
        await page.evaluate((next) => setTimeout(() => location.assign(next)), address);
        return new Promise(() => {}); // the page is gone
      },
    });
    const order = page.url();
    const secret = page.waitForResponse((response) => response.url().includes("payment_intent_client_secret"));
    await payNow(page).click();
    assert.equal((await secret).headers()["referrer-policy"], "no-referrer");
    await page.getByRole("heading", { name: heading }).waitFor();
    await page.waitForURL(order); // without the secret
    if (button === "Refuse") await page.getByText("You can try again.").waitFor();
  });
}

test("without Stripe's script the order stays, and the page says so", async () => {
  const page = await atPayment({ bank: () => {}, script: "" });
  await page.getByRole("alert").getByText("The payment form did not load.").waitFor();
});

test("the policy allows what Stripe's guide names, and nothing else of other origins", async () => {
  const policy = (await fetch(SHOP)).headers.get("content-security-policy");
  const sources = Object.fromEntries(policy.split("; ").map((directive) => [directive.split(" ")[0], directive.split(" ").slice(1)]));
  assert.match(sources["script-src"].splice(1, 1)[0], /^'sha256-/); // of the one in the page itself
  assert.deepEqual(sources["script-src"], ["'self'", "https://js.stripe.com", "https://*.js.stripe.com"]);
  assert.deepEqual(sources["frame-src"], ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"]);
  assert.deepEqual(sources["connect-src"], ["'self'", "https://api.stripe.com"]);
});
