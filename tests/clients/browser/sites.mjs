// Tiny web sites, each of an origin of its own.
import { once } from "node:events";
import { createServer } from "node:http";

/** Serves these pages, by path, at this host; on any free port unless told otherwise. Answers with its URL. */
export async function serve(pages, { host = "localhost", port = 0 } = {}) {
  const server = createServer((request, response) => {
    const [type, text] = pages[request.url] ?? ["text/plain", ""];
    response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(text);
  });
  server.listen(port, "127.0.0.1").unref();
  await once(server, "listening");
  return `http://${host}:${server.address().port}`;
}

/** Serves nothing, and gathers the cookies that come along. */
export async function cookieCatcher() {
  const cookies = [];
  const server = createServer((request, response) => {
    cookies.push(request.headers.cookie);
    response.end();
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return { url: `http://localhost:${server.address().port}/`, cookies };
}

export const BLANK = { "/": ["text/html", "<!doctype html><title>Another page</title><body>"] };
