// The server says for whom it asks, so that the store counts each shopper for themselves.
import assert from "node:assert/strict";
import { test } from "node:test";

import { serveShop, SHOP } from "./shop.mjs";

// A token that is wrong is an attempt. An address has 50.
const TRY = 'mutation { resetPassword(input: { token: "x", newPassword: "a-long-enough-secret" }) { __typename } }';

/** What the store says to an attempt through the shop, by a shopper with this address. */
async function attempt(address, headers = {}) {
  const reply = await fetch(`${SHOP}/graphql/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Forwarded-For": `9.9.9.9, ${address}`, ...headers },
    body: JSON.stringify({ query: TRY }),
  });
  return (await reply.json()).data.resetPassword.__typename;
}

test("each shopper is counted, whatever they write into the headers", async () => {
  const stop = await serveShop({ CLIENT_HEADER: "X-Forwarded-For" });
  try {
    for (let number = 0; number < 50; number += 1) assert.equal(await attempt("192.0.2.7"), "ValidationError");
    assert.equal(await attempt("192.0.2.7"), "TooManyAttempts");
    const forged = { "X-Store-Renderer": "guessed", "X-Store-Shopper": "192.0.2.8" };
    assert.equal(await attempt("192.0.2.7", forged), "TooManyAttempts");
    assert.equal(await attempt("192.0.2.8"), "ValidationError");
  } finally {
    stop();
  }
});

test("a page is rendered with the secret, and none with a wrong one", async () => {
  for (const [secret, status] of [
    [process.env.STORE_RENDERER_SECRET, 200],
    ["wrong", 500],
  ]) {
    const stop = await serveShop({ STORE_RENDERER_SECRET: secret });
    try {
      const unseen = Math.random(); // the store's kept answers are for everybody
      assert.equal((await fetch(`${SHOP}/search?q=mug-${unseen}`)).status, status);
    } finally {
      stop();
    }
  }
});
