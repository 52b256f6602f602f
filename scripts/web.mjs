/** The web process: Next's own server, which ends when whoever started it does. */
import { createServer } from "node:http";
import next from "next";
import { handOver, isCall } from "./hand-over.mjs";
import { refusal } from "./refusal.mjs";

/** Tells scripts/start/lifecycle.mjs that starting it again would not help. */
const hopeless = 98;
const port = Number(process.env.PORT ?? 3000);
const hostname = process.env.HOST ?? "127.0.0.1";
const publicName = process.env.PATCHBAY_PUBLIC_URL ? new URL(process.env.PATCHBAY_PUBLIC_URL).host : undefined;
const isLoopback = /^(127\.|localhost$|::1$)/.test(hostname);

const server = createServer(answer);
server.on("error", explainAndExit);
// Whoever started it may end while it prepares.
for (const event of ["SIGTERM", "SIGINT", "disconnect"]) process.on(event, end);
const app = next({
  dev: process.env.NODE_ENV !== "production",
  hostname,
  port,
  dir: new URL("..", import.meta.url).pathname,
});
await app.prepare();
const handle = app.getRequestHandler();
server.listen(port, hostname, () => process.send?.("ready"));

function answer(request, response) {
  const refused = refusal(request, { loopback: isLoopback, name: publicName });
  if (!refused) {
    request.headers["x-patchbay-address"] = addressOf(request);
    if (isCall(request)) handOver(request, response, () => handle(request, response));
    else handle(request, response);
    return;
  }
  const { status, message, hint } = refused;
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ message, hint }));
}

/**
 * Where a request comes from, for limits and the list of sessions. Only a proxy is believed what it says of that: the
 * last address of its list, which it added itself.
 */
function addressOf({ headers, socket }) {
  const told = process.env.PATCHBAY_PUBLIC_URL
    ? String(headers["x-forwarded-for"] ?? "")
        .split(",")
        .at(-1)
    : "";
  return told?.trim() || socket.remoteAddress || "";
}

function explainAndExit(error) {
  const isTaken = error.code === "EADDRINUSE";
  console.error(isTaken ? `Port ${port} is taken. Choose another one: PORT=3001 npm start` : error.message);
  process.exit(hopeless);
}

function end() {
  server.close(() => process.exit(0));
  server.closeAllConnections();
  setTimeout(() => process.exit(0), 1000);
}
