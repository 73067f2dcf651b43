// What shoppers search for is counted, for the staff to see.
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

test("each outcome of a search is counted once in a visit", async () => {
  const { page, context, complaints } = await visit(browser);
  const counted = [];
  page.on("response", async (response) => {
    const request = response.request();
    if (request.postData()?.includes("CountSearch") && response.ok()) {
      const { term, outcome } = request.postDataJSON().variables.input;
      counted.push(`${outcome} ${term}`);
    }
  });
  await page.goto(`${SHOP}/search?q=mug`);
  await page.getByRole("link", { name: "Harbour Stoneware Mug" }).click();
  await page.getByRole("button", { name: "Add to cart" }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "Harbour Stoneware Mug" }).click();
  await page.getByRole("button", { name: "Add to cart" }).waitFor();
  const box = page.getByRole("combobox", { name: "Search" });
  await box.fill("zzzzqqq");
  await box.press("Enter");
  await page.getByText('“zzzzqqq”').first().waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual(counted, ["FOUND mug", "OPENED mug", "NOTHING zzzzqqq"]);
  assert.deepEqual(complaints, []);
  await context.close();
});
