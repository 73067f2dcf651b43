// Every page as it is loaded: nothing for axe to find, little to download, nothing that jumps, and what search engines need.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { addToCart, launch, makeShopper, PASSWORD, serveShop, SHOP, SIZES, visit } from "./shop.mjs";

const AXE = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

const PUBLIC = {
  home: "/",
  category: "/categories/leisure",
  "filtered category": "/categories/leisure?by-brand=aria&sort=price-asc",
  "unknown choice": "/categories/kitchen?min=9999",
  search: "/search?q=mug",
  "search with a typing error": "/search?q=lanp",
  "search for nothing": "/search?q=zzzzqqq",
  product: "/products/everyday-cotton-t-shirt",
  "sold-out product": "/products/merino-scarf",
  policy: "/policies/returns",
  cart: "/cart",
  checkout: "/checkout",
  "unknown order": "/orders/6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11",
  "signing in": "/account",
  "forgotten password": "/forgot-password",
  "new password": "/reset-password?token=x",
  "unknown page": "/nowhere",
};
const OF_AN_ACCOUNT = ["orders", "favourites", "addresses", "profile"].map((name) => `/account/${name}`);

let browser, stop;
before(async () => {
  stop = await serveShop();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  stop?.();
});

/** No skeleton is left. */
async function settled(page) {
  await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
}

/** What axe finds on the page as it is, light and dark; and whether it scrolls sideways in the smallest of windows. */
async function check(page, name) {
  await settled(page);
  await page.evaluate(AXE);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const findings = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
    assert.deepEqual(findings, [], `${name}, ${colorScheme}`);
  }
  const size = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(width <= 320, `${name} is ${width} wide`);
  await page.setViewportSize(size);
}

for (const size of Object.keys(SIZES)) {
  test(`axe finds nothing on a ${size}, light and dark, and nothing scrolls sideways`, async () => {
    // Without the policy, because axe is put into the page.
    const { page, context } = await visit(browser, { size, bypassCSP: true, reducedMotion: "reduce" });
    for (const [name, path] of Object.entries(PUBLIC)) {
      await page.goto(SHOP + path);
      await check(page, name);
    }
    await addToCart(page, "harbour-stoneware-mug");
    await check(page, "cart drawer");
    for (const path of ["/cart", "/checkout"]) {
      await page.goto(SHOP + path);
      await check(page, `full ${path}`);
    }
    const email = await makeShopper();
    await page.goto(SHOP + OF_AN_ACCOUNT[0]);
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Hello, Alice" }).waitFor();
    for (const path of OF_AN_ACCOUNT) {
      await page.goto(SHOP + path);
      await check(page, path);
    }
    await context.close();
  });
}

// The aim is 130 kB for a first page. React, React Router and Apollo Client are 125 of them, so that it gets 15 % more.
const SCRIPT_BYTES = 130_000 * 1.15;
// An idle machine with two cores takes about half of it.
const LARGEST_PAINT = 1500;
// Requests that wait for one another. The page's own files are the first, and what these ask for is the second.
const DEPTH = 2;

for (const [name, path] of [["home", "/"], ["category", "/categories/leisure"], ["product", "/products/harbour-stoneware-mug"]]) {
  test(`the ${name} page is light, still and fast`, async () => {
    // The best of three loads: the machine may be busy with something else during one.
    let fastest = Infinity;
    for (let load = 0; load < 3 && fastest > LARGEST_PAINT; load++) {
      fastest = Math.min(fastest, await measure(name, path));
    }
    assert(fastest <= LARGEST_PAINT, `the largest paint after ${fastest} ms`);
  });
}

/** Loads the page on a slow phone, with everything but its time checked. The answer is the time of the largest paint. */
async function measure(name, path) {
  const { page, context, complaints } = await visit(browser, { size: "phone" });
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await session.send("Network.enable");
  // Fast 4G, as Chromium's own tools have it.
  const network = { offline: false, latency: 60, downloadThroughput: 9e6 / 8, uploadThroughput: 1.5e6 / 8 };
  await session.send("Network.emulateNetworkConditions", network);
  const depths = new Map([[SHOP + path, 0]]);
  session.on("Network.requestWillBeSent", ({ request: { url }, initiator }) => {
    const cause = initiator.url ?? initiator.stack?.callFrames.at(-1)?.url;
    if (!depths.has(url)) depths.set(url, (depths.get(cause) ?? 0) + 1);
  });
  await page.addInitScript(() => {
    globalThis.seen = { shift: 0, largest: 0 };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.seen.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    new PerformanceObserver((list) => {
      globalThis.seen.largest = list.getEntries().at(-1).startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
  });
  const scripts = [];
  const queries = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.push(response.body());
    if (response.url().includes("/graphql/")) {
      const { searchParams } = new URL(response.url());
      queries.push(searchParams.get("operationName") ?? response.request().postDataJSON().operationName);
    }
  });
  // The visitor's own query is the last thing that a page does, and only once all of its script is there.
  const isSession = (request) => `${request.url()}${request.postData()}`.includes("Session");
  const last = page.waitForResponse((response) => response.ok() && isSession(response.request()));
  await page.goto(SHOP + path);
  await last;
  await page.waitForLoadState("networkidle");

  const bytes = (await Promise.all(scripts)).reduce((sum, body) => sum + gzipSync(body).length, 0);
  const { shift, largest } = await page.evaluate(() => globalThis.seen);
  console.log(`  ${name}: ${bytes} bytes of gzipped script, CLS ${shift.toFixed(4)}, LCP ${Math.round(largest)} ms`);
  assert(bytes <= SCRIPT_BYTES, `${bytes} bytes of script`);
  assert(shift < 0.02, `a layout shift of ${shift}`);
  assert.deepEqual([...depths].filter(([, depth]) => depth > DEPTH), []);
  // All of the page came with it. What is left is the visitor's own, which no other request waits for.
  assert.deepEqual([...new Set(queries)], ["Session"]);
  assert.deepEqual(complaints, []);
  await context.close();
  return largest;
}

test("a page needs no script to be read, and says what it is", async () => {
  const { page, context } = await visit(browser, { javaScriptEnabled: false });
  await page.goto(`${SHOP}/products/harbour-stoneware-mug?Size=none`);
  await page.getByRole("heading", { name: "Harbour Stoneware Mug" }).waitFor();
  const of = (selector, attribute = "content") => page.locator(selector).first().getAttribute(attribute);
  assert.equal(await page.title(), "Harbour Stoneware Mug · Store");
  assert.equal(await of("link[rel=canonical]", "href"), `${SHOP}/products/harbour-stoneware-mug`);
  assert.match(await of("meta[name=description]"), /generous mug/);
  assert.match(await of('meta[property="og:image"]'), /^http.*\/media\//);
  const data = await page.locator('script[type="application/ld+json"]').allTextContents();
  const [product, crumbs] = data.map((text) => JSON.parse(text));
  assert.equal(product.offers[0].price, "18.00");
  assert.equal(product.aggregateRating.ratingValue, "4.5");
  assert.deepEqual(crumbs.itemListElement.map(({ name }) => name), ["House & Garden", "Kitchen"]);
  await context.close();
});

test("policies are the shop's own texts, linked from every page", async () => {
  const { page, context } = await visit(browser, { size: "phone" });
  await page.goto(`${SHOP}/cart`);
  await page.getByRole("contentinfo").getByRole("link", { name: "Returns" }).click();
  await page.waitForURL(`${SHOP}/policies/returns`);
  await page.getByRole("main").getByRole("heading", { name: "Returns", level: 1 }).waitFor();
  assert((await page.locator(".prose").textContent()).length > 200);
  await page.goBack();
  await page.getByText("Your cart is empty.").waitFor();
  await context.close();
});

test("products are filtered by the options of their variants", async () => {
  const { page, context } = await visit(browser);
  await page.goto(`${SHOP}/categories/clothes-sports`);
  const filters = page.getByRole("complementary", { name: "Filters" });
  await filters.getByRole("group", { name: "Size" }).getByText("Show all").click();
  await filters.getByRole("checkbox", { name: /^M / }).check();
  await page.waitForURL(/\?with-Size=M$/);
  await page.getByText("2 products").waitFor();
  await page.goto(`${SHOP}/categories/clothes-sports?with-Size=M&with-Colour=Sand`); // rendered on the server
  await page.getByText("1 product", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Everyday Cotton T-Shirt" }).waitFor();
  await context.close();
});

test("statuses, the sitemap and the robots' file", async () => {
  const statusOf = async (path) => (await fetch(SHOP + path, { redirect: "manual" })).status;
  assert.equal(await statusOf("/"), 200);
  assert.equal(await statusOf("/products/no-such-thing"), 404);
  assert.equal(await statusOf("/categories/no-such-thing"), 404);
  assert.equal(await statusOf("/policies/no-such-thing"), 404);
  assert.equal(await statusOf("/nowhere"), 404);
  assert.equal(await statusOf("/assets/nothing.js"), 404);
  const sitemap = await (await fetch(`${SHOP}/sitemap.xml`)).text();
  assert(sitemap.includes(`<loc>${SHOP}/products/harbour-stoneware-mug</loc><lastmod>20`));
  assert(sitemap.includes(`<loc>${SHOP}/categories/kitchen</loc>`));
  assert.match(await (await fetch(`${SHOP}/robots.txt`)).text(), /Sitemap: http/);
});
