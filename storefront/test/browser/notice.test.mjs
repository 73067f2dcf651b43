// A shopper waits for what is sold out, and a mail program stops it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, serveShop, SHOP, visit } from "./shop.mjs";

let browser, stop;
before(async () => {
  stop = await serveShop();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  stop?.();
});

test("an address is left at what is sold out, and a wrong one is said to be", async () => {
  const { page, context, complaints } = await visit(browser);
  await page.goto(`${SHOP}/products/merino-scarf`);
  await page.getByLabel("E-mail").fill("ada@example");
  await page.getByRole("button", { name: "Tell me" }).click();
  await page.getByText("Enter a valid e-mail address.").waitFor();
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByRole("button", { name: "Tell me" }).click();
  await page.getByText("You will get one mail when it is in stock again.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Tell me" }).count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the shop hands the page that stops notices on to the store", async () => {
  assert.equal((await fetch(`${SHOP}/notices/stop/?token=forged`, { method: "POST" })).status, 404);
});
