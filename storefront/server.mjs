// Serves the built shop, renders its pages, and hands everything of the store's on to it: one origin for the browser.
//
//   STORE_URL   the store (http://127.0.0.1:8000)
//   HOST, PORT  where to listen (127.0.0.1, 3000)
//   SITE_URL    the shop's public address, for links that search engines follow (that of the request)
//   STORE_RENDERER_SECRET  the store's: with it, the store counts the shopper and not this server
//   CLIENT_HEADER  the header in which a proxy in front passes the shopper's address, as the last one in it
//   MEDIA_ORIGIN  where pictures are, if not at the store
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, request as send } from "node:http";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { sitemap } from "./sitemap.mjs";

process.env.NODE_ENV ??= "production"; // React reads it when it is imported: its other build is slower
const { chooseLanguage, cookieOf, render } = await import("./dist/server/server.js");

const STORE = new URL(process.env.STORE_URL ?? "http://127.0.0.1:8000");
const HOST = process.env.HOST ?? "127.0.0.1";
const PORT = Number(process.env.PORT ?? 3000);
const SECRET = process.env.STORE_RENDERER_SECRET;
const CLIENT_HEADER = process.env.CLIENT_HEADER?.toLowerCase();
const CLIENT = new URL("./dist/client/", import.meta.url).pathname;

// What the store answers itself. Behind a proxy of your own, let that do it.
const OF_THE_STORE = /^\/(graphql|graphiql|media|static|admin|stripe|notices|documents|dev|docs|healthz|livez|readyz)(\/|$)/;

const TYPES = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const files = readFiles();
const template = readFileSync(join(CLIENT, "index.html"), "utf8");
const manifest = JSON.parse(readFileSync(join(CLIENT, ".vite/manifest.json"), "utf8"));
const fonts = [...files.keys()].filter((path) => path.endsWith(".woff2"));
const preloads = fonts.map((path) => `<link rel="preload" href="${path}" as="font" type="font/woff2" crossorigin>`).join("");

/** The built files by their path, compressed once. */
function readFiles() {
  const paths = readdirSync(CLIENT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "index.html" && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    paths.map((path) => {
      const content = readFileSync(path);
      const isText = extname(path) !== ".woff2";
      const compressed = isText && { br: brotliCompressSync(content), gzip: gzipSync(content) };
      return [`/${path.slice(CLIENT.length)}`, { content, compressed, type: TYPES[extname(path)] }];
    }),
  );
}

/** Lets a browser load the scripts of a page, given by their sources, together with the first one. */
function preloadScripts(sources) {
  const found = new Set();
  const add = (source) => {
    const { file, imports = [] } = manifest[source];
    if (found.has(file) || template.includes(file)) return;
    found.add(file);
    imports.forEach(add);
  };
  sources.forEach(add);
  return [...found].map((file) => `<link rel="modulepreload" href="/${file}">`).join("");
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain" });
    response.end("The page could not be made.");
  });
});

async function answer(request, response) {
  const url = new URL(request.url, process.env.SITE_URL ?? `http://${request.headers.host}`);
  if (OF_THE_STORE.test(url.pathname)) return handOn(request, response);
  if (request.method !== "GET" && request.method !== "HEAD") return response.writeHead(405, { Allow: "GET, HEAD" }).end();
  const file = files.get(url.pathname);
  if (file) return sendFile(request, response, url.pathname, file);
  if (url.pathname === "/robots.txt") return sendText(response, "text/plain", robots(url.origin));
  if (url.pathname === "/sitemap.xml") return sendText(response, "application/xml", await sitemap(STORE, url.origin, shopperOf(request)));
  if (url.pathname === "/favicon.ico") return response.writeHead(301, { Location: "/icon.svg" }).end();
  if (url.pathname.startsWith("/assets/")) return response.writeHead(404).end();
  return sendPage(request, response, url);
}

/** Tells the store for whom this server asks. */
function shopperOf({ headers, socket }) {
  const passed = CLIENT_HEADER && headers[CLIENT_HEADER]?.split(",").at(-1).trim();
  return SECRET ? { "x-store-renderer": SECRET, "x-store-shopper": passed || socket.remoteAddress } : {};
}

/** To the store and back, byte by byte. The Host stays the browser's, so that the store knows its own origin. */
function handOn(request, response) {
  const { method, url: path } = request;
  const headers = { ...request.headers, ...shopperOf(request) };
  // A connection for each request: one that is kept may be closed by the store just when it is used again.
  const onward = send(new URL(path, STORE), { method, headers, agent: false }, (reply) => {
    response.writeHead(reply.statusCode, reply.headers);
    reply.pipe(response);
  });
  onward.on("error", () => {
    if (!response.headersSent) response.writeHead(502, { "Content-Type": "text/plain" });
    response.end("The store does not answer.");
  });
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

function sendFile({ headers }, response, path, { content, compressed, type }) {
  const accepted = headers["accept-encoding"] ?? "";
  const encoding = compressed && ["br", "gzip"].find((name) => accepted.includes(name));
  response.writeHead(200, {
    "Content-Type": type ?? "application/octet-stream",
    "Cache-Control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "public, max-age=3600",
    Vary: "Accept-Encoding",
    ...(encoding && { "Content-Encoding": encoding }),
  });
  response.end(encoding ? compressed[encoding] : content);
}

function sendText(response, type, text) {
  response.writeHead(200, { "Content-Type": `${type}; charset=utf-8`, "Cache-Control": "public, max-age=600" }).end(text);
}

const robots = (origin) =>
  `User-agent: *\nDisallow: /account\nDisallow: /checkout\nDisallow: /orders/\nSitemap: ${origin}/sitemap.xml\n`;

async function sendPage(request, response, url) {
  const cookies = request.headers.cookie ?? "";
  const language = chooseLanguage(cookieOf("language", cookies), request.headers["accept-language"]);
  const theme = { light: "light", dark: "dark" }[cookieOf("theme", cookies)] ?? "";
  const page = await render(url, { store: STORE.origin, language, headers: shopperOf(request) });
  if (page.location) return response.writeHead(page.status, { Location: page.location }).end();

  const state = JSON.stringify(page.state).replaceAll("<", "\\u003c");
  // A function, because a text may have `$&` in it.
  const html = template
    .replace('<html lang="en">', `<html lang="${language}" data-theme="${theme}">`)
    .replace("<!--head-->", () => preloads + preloadScripts([...page.sources, `src/texts/${language}.ts`]) + page.head)
    .replace("<!--body-->", () => page.body)
    .replace("<!--state-->", () => `<script type="application/json" id="state">${state}</script>`);
  const etag = `"${createHash("sha1").update(html).digest("base64url")}"`;
  // A mailed link, or the way back from a bank: its address is nobody else's business.
  const isSecret = ["token", "payment_intent_client_secret"].some((name) => url.searchParams.has(name));
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    // Asked for again each time: prices are never old.
    "Cache-Control": isSecret ? "no-store" : "private, no-cache",
    ETag: etag,
    Vary: "Accept-Encoding, Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": isSecret ? "no-referrer" : "same-origin",
  };
  if (page.status === 200 && request.headers["if-none-match"] === etag) return response.writeHead(304, headers).end();
  const isZipped = (request.headers["accept-encoding"] ?? "").includes("gzip");
  response.writeHead(page.status, { ...headers, ...(isZipped && { "Content-Encoding": "gzip" }) });
  response.end(isZipped ? gzipSync(html) : html);
}

const [, inline] = template.match(/<script>(.*?)<\/script>/s);
const inlineHash = createHash("sha256").update(inline).digest("base64");

// Styles of elements are React's; scripts are ours, and Stripe's where a card is paid with. What Stripe's need is in its
// guide to security, https://docs.stripe.com/security/guide#content-security-policy.
const POLICY = [
  "default-src 'self'",
  `script-src 'self' 'sha256-${inlineHash}' https://js.stripe.com https://*.js.stripe.com`,
  "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
  "connect-src 'self' https://api.stripe.com",
  "style-src 'self' 'unsafe-inline'",
  `img-src 'self' data: ${process.env.MEDIA_ORIGIN ?? ""}`,
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Waits until the store answers: both may have been started together. */
async function storeIsReady() {
  for (;;) {
    const reply = await fetch(new URL("/healthz", STORE)).catch(() => null);
    if (reply?.ok) return;
    await new Promise((done) => setTimeout(done, 200));
  }
}

await storeIsReady();
server.listen(PORT, HOST, () => console.log(`  Shop      http://localhost:${PORT}/`));
process.on("SIGTERM", () => server.close());
