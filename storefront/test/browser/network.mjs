// A bad network between the browser and the shop: every request takes long, and some are lost.
import { once } from "node:events";
import { createServer, request as send } from "node:http";

const LATENCY = 300; // milliseconds

export async function findFreePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/**
 * Listens on `port`, and hands requests on to `target`. `isLost` says which are lost, by their address and body, and on which
 * way: "request" before they arrive, "answer" after the shop has done what they ask for.
 */
export async function serveBadNetwork({ port, target, isLost }) {
  const lost = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () =>
      setTimeout(() => {
        const { method, url, headers } = request;
        const body = Buffer.concat(chunks);
        const way = isLost(url, body.toString());
        const drop = () => {
          lost.push(`${method} ${url.slice(0, 60)} (${way})`);
          request.socket.destroy();
        };
        if (way === "request") return drop();
        const onward = send(new URL(url, target), { method, headers, agent: false }, (reply) => {
          if (way === "answer") return reply.resume().on("end", drop);
          // Chromium itself sends again what is lost on a connection that was used before.
          response.writeHead(reply.statusCode, { ...reply.headers, connection: "close" });
          reply.pipe(response);
        });
        onward.on("error", () => request.socket.destroy());
        onward.end(body);
      }, LATENCY),
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { lost, stop: () => (server.closeAllConnections(), server.close()) };
}
