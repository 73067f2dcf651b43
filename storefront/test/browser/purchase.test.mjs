// A purchase from the search to the order, on a phone and at a desk.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { fillIn, launch, payButton, serveShop, SHOP, SIZES, visit } from "./shop.mjs";

let browser, stop;
before(async () => {
  stop = await serveShop();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  stop?.();
});

/** Takes the pictures of the README's film, if FILM names a folder for them. */
function filmOf(page, size) {
  let number = 0;
  return async () => {
    if (!process.env.FILM || size !== "phone") return;
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: `${process.env.FILM}/${String(number++).padStart(2, "0")}.png`, animations: "disabled" });
  };
}

for (const size of Object.keys(SIZES)) {
  test(`search, variant, cart, code, delivery, payment and order on a ${size}`, async () => {
    const { context, page, complaints } = await visit(browser, { size });
    const film = filmOf(page, size);
    await page.goto(SHOP);
    await film();
    const box = page.getByRole("combobox", { name: "Search" });
    await box.fill("cotton t-sh");
    await page.getByRole("option").first().waitFor();
    await film();
    await box.press("Enter");
    await page.getByRole("link", { name: "Everyday Cotton T-Shirt" }).waitFor();
    await film();
    await page.getByRole("link", { name: "Everyday Cotton T-Shirt" }).click();
    await page.getByRole("button", { name: "Add to cart" }).waitFor();
    await film();

    await page.getByText("Sand", { exact: true }).click();
    await page.getByText("L", { exact: true }).click();
    await page.waitForURL(/Size=L&Colour=Sand|Colour=Sand&Size=L/);
    await film();
    await page.getByRole("button", { name: "Add to cart" }).click();

    const drawer = page.getByRole("dialog", { name: "Your cart" });
    await drawer.getByText("L / Sand").waitFor();
    await drawer.getByRole("button", { name: "One more" }).click();
    await drawer.getByText("$50.00").first().waitFor();
    await film();
    await drawer.getByRole("link", { name: "Go to the checkout" }).click();

    await fillIn(page);
    await film();
    await page.getByLabel("Discount code").fill("WELCOME10");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("Discount, with WELCOME10").waitFor();
    await page.getByLabel(/Express/).check();
    await page.getByText("Delivery, Express").waitFor();
    await film();
    const total = await page.getByTestId("total").textContent();

    assert.equal(await payButton(page).textContent(), `Pay ${total}`);
    await payButton(page).click();
    await page.waitForURL(/dev\/stripe/);
    await film();
    await page.getByRole("button", { name: "Pay", exact: true }).click();

    await page.getByRole("heading", { name: "Thank you." }).waitFor();
    await page.getByText(total, { exact: true }).waitFor();
    await film();
    const invoice = await page.getByRole("link", { name: /^Invoice INV-/ }).getAttribute("href");
    const pdf = await fetch(invoice); // without the session
    assert.equal(pdf.headers.get("Content-Type"), "application/pdf");
    assert.equal((await pdf.text()).slice(0, 5), "%PDF-");
    assert.deepEqual(complaints, []);

    // By its link, in the same browser, and for nobody else.
    const order = page.url();
    await page.goto(SHOP);
    await page.goto(order);
    await page.getByRole("heading", { name: "Thank you." }).waitFor();
    const stranger = await visit(browser, { size });
    await stranger.page.goto(order);
    await stranger.page.getByRole("heading", { name: "We cannot show this order here" }).waitFor();
    await stranger.context.close();
    await context.close();
  });
}
