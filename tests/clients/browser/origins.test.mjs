// Three origins in one browser: what the allowed front end can do with a shopper's cookie, no other page can.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { launchWithThirdPartyCookies } from "./browser.mjs";
import { BLANK, cookieCatcher, serve } from "./sites.mjs";
import { ENDPOINT, newShopper, PASSWORD, run } from "./store.mjs";

const PRODUCT = "UHJvZHVjdDoxMQ==";
const SECRET = "{ me { email } }";
const CHANGE = `mutation {
  updateProfile(input: { firstName: "Mallory" }) { __typename }
  addToCart(input: { productId: "${PRODUCT}" }) { __typename }
}`;

/** Run in the page, each with the endpoint and a document. What the page could read of the answer comes back. */
const ATTEMPTS = {
  "a fetch with JSON": async ({ endpoint, query }) => {
    const headers = { "Content-Type": "application/json" };
    const init = { method: "POST", credentials: "include", headers, body: JSON.stringify({ query }) };
    return (await fetch(endpoint, init)).text();
  },
  "a fetch with Apollo's header": async ({ endpoint, query }) => {
    const body = new FormData();
    body.append("operations", JSON.stringify({ query }));
    body.append("map", "{}");
    const headers = { "Apollo-Require-Preflight": "true" };
    return (await fetch(endpoint, { method: "POST", credentials: "include", headers, body })).text();
  },
  "a fetch by GET": async ({ endpoint, query }) =>
    (await fetch(`${endpoint}?query=${encodeURIComponent(query)}`, { credentials: "include" })).text(),
  "a fetch without asking, of text": async ({ endpoint, query }) => {
    const init = { method: "POST", credentials: "include", mode: "no-cors", body: JSON.stringify({ query }) };
    return (await fetch(endpoint, init)).text();
  },
  "a fetch without asking, of no type": async ({ endpoint, query }) => {
    const body = new Blob([JSON.stringify({ query })]);
    return (await fetch(endpoint, { method: "POST", credentials: "include", mode: "no-cors", body })).text();
  },
  "a fetch without asking, of a form": async ({ endpoint, query }) => {
    const body = new URLSearchParams({ query });
    return (await fetch(endpoint, { method: "POST", credentials: "include", mode: "no-cors", body })).text();
  },
  "a fetch without asking, of an upload": async ({ endpoint, query }) => {
    const body = new FormData();
    body.append("operations", JSON.stringify({ query }));
    body.append("map", "{}");
    return (await fetch(endpoint, { method: "POST", credentials: "include", mode: "no-cors", body })).text();
  },
  "a fetch without asking, by GET": async ({ endpoint, query }) => {
    const url = `${endpoint}?query=${encodeURIComponent(query)}`;
    return (await fetch(url, { credentials: "include", mode: "no-cors" })).text();
  },
  "a beacon": ({ endpoint, query }) => {
    navigator.sendBeacon(endpoint, JSON.stringify({ query }));
  },
  "a picture": ({ endpoint, query }) => {
    const url = `${endpoint}?query=${encodeURIComponent(query)}`;
    return new Promise((done) => Object.assign(new Image(), { src: url, onload: done, onerror: () => done() }));
  },
  "a script": ({ endpoint, query }) => {
    const script = document.createElement("script");
    script.src = `${endpoint}?query=${encodeURIComponent(query)}`;
    document.body.append(script);
    return new Promise((done) => (script.onload = script.onerror = () => done()));
  },
  "a frame": ({ endpoint, query }) => {
    const frame = document.createElement("iframe");
    frame.src = `${endpoint}?query=${encodeURIComponent(query)}`;
    document.body.append(frame);
    return new Promise((done) => (frame.onload = () => done(frame.contentDocument?.body.textContent)));
  },
  "another window": async ({ endpoint, query }) => {
    const other = open(`${endpoint}?query=${encodeURIComponent(query)}`);
    await new Promise((done) => setTimeout(done, 500));
    return other.document.body.textContent;
  },
  "a form": ({ endpoint, query }) => {
    const form = Object.assign(document.createElement("form"), { action: endpoint, method: "post" });
    form.append(Object.assign(document.createElement("input"), { name: "query", value: query }));
    document.body.append(form);
    form.submit();
  },
  "a form with an upload": ({ endpoint, query }) => {
    const form = document.createElement("form");
    Object.assign(form, { action: endpoint, method: "post", enctype: "multipart/form-data" });
    for (const [name, value] of [["operations", JSON.stringify({ query })], ["map", "{}"]]) {
      form.append(Object.assign(document.createElement("input"), { name, value }));
    }
    document.body.append(form);
    form.submit();
  },
  "a form that looks like JSON": ({ endpoint, query }) => {
    const form = document.createElement("form");
    Object.assign(form, { action: endpoint, method: "post", enctype: "text/plain" });
    const [name, value] = [`{"query": ${JSON.stringify(query)}, "variables": {"`, '": 1}}'];
    form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(form);
    form.submit();
  },
  "a link": ({ endpoint, query }) => {
    location.href = `${endpoint}?query=${encodeURIComponent(query)}`;
  },
};

// Those that take the shopper to the store's answer.
const LEAVING = ["a form", "a form with an upload", "a form that looks like JSON", "a link"];

let directory, context, page, sites, email, session, sent, statuses;

before(async () => {
  sites = {
    "the allowed front end": await serve(BLANK, { port: new URL(process.env.FRONT_END_URL).port }),
    "another port of the same host": await serve(BLANK),
    "another site": await serve(BLANK, { host: "127.0.0.1" }),
  };
  email = await newShopper();
  directory = mkdtempSync(join(tmpdir(), "store-browser-"));
  context = await launchWithThirdPartyCookies(directory);
  context.setDefaultTimeout(10_000);
  page = await context.newPage();
  context.on("request", (request) => request.url().startsWith(ENDPOINT) && sent.push(request));

  const query = `mutation { login(input: { email: "${email}", password: "${PASSWORD}" }) { __typename } }`;
  assert.match(await attempt("the allowed front end", "a fetch with JSON", query), /"User"/);
  const cookie = (await context.cookies()).find(({ name }) => name === "sessionid");
  session = cookie.value;
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, "Lax");
  // The browser would keep a Lax cookie from other sites. This one goes everywhere: the store alone guards it.
  await context.addCookies([{ ...cookie, sameSite: "None", secure: true }]);
});

after(async () => {
  await context.close();
  rmSync(directory, { recursive: true });
});

/** Attempts it on a page of the site, and waits until the store has answered what reached it. */
async function attempt(site, name, query) {
  await page.goto(sites[site]);
  sent = [];
  const read = await page.evaluate(ATTEMPTS[name], { endpoint: ENDPOINT, query }).catch(() => undefined);
  while (sent.length === 0) await page.waitForTimeout(20);
  statuses = (await Promise.all(sent.map(answerOf))).map((answer) => answer?.status());
  if (LEAVING.includes(name)) await page.waitForURL((url) => url.href.startsWith(ENDPOINT));
  for (const other of context.pages()) if (other !== page) await other.close();
  return read;
}

/** Null where the browser has not even sent it: it asked first, and was refused. */
function answerOf(request) {
  return request.response().catch(() => null);
}

/** What the store itself says of the shopper. */
async function standing() {
  const { me, cart } = await run("{ me { firstName } cart { totalQuantity } }", { session });
  return { name: me?.firstName, inCart: cart.totalQuantity };
}

for (const site of ["another port of the same host", "another site"]) {
  describe(site, () => {
    for (const name of Object.keys(ATTEMPTS)) {
      test(`${name} neither changes nor reads anything`, async () => {
        for (const query of [CHANGE, SECRET]) {
          assert.doesNotMatch(String(await attempt(site, name, query)), new RegExp(email));
          assert(statuses.every((status) => [undefined, 403].includes(status)), statuses);
          assert.deepEqual(await standing(), { name: "Alice", inCart: 0 });
        }
      });
    }

    test("the cookie was there to be used", async () => {
      const { url, cookies } = await cookieCatcher(); // at the store's host; ports make no difference to cookies
      await page.goto(sites[site]);
      await page.evaluate(ATTEMPTS["a fetch without asking, of text"], { endpoint: url, query: CHANGE });
      assert.match(cookies.join(), new RegExp(session));
    });
  });
}

describe("the allowed front end", () => {
  for (const [number, name] of ["a fetch with JSON", "a fetch with Apollo's header"].entries()) {
    test(`${name} reads and changes`, async () => {
      assert.match(await attempt("the allowed front end", name, SECRET), new RegExp(email));
      assert.match(await attempt("the allowed front end", name, CHANGE), /"Cart"/);
      assert.deepEqual(await standing(), { name: "Mallory", inCart: number + 1 });
    });
  }
});
