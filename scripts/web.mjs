/** The web process: Next's own server, which ends when whoever started it does. */
import { createServer } from "node:http";
import next from "next";
import { refusal } from "./refusal.mjs";

/** Tells scripts/start/lifecycle.mjs that starting it again would not help. */
const hopeless = 98;
const port = Number(process.env.PORT ?? 3000);
const hostname = process.env.HOST ?? "127.0.0.1";
const isLoopback = /^(127\.|localhost$|::1$)/.test(hostname);

const app = next({
  dev: process.env.NODE_ENV !== "production",
  hostname,
  port,
  dir: new URL("..", import.meta.url).pathname,
});
await app.prepare();
const handle = app.getRequestHandler();
const server = createServer(answer);
server.on("error", explainAndExit);
server.listen(port, hostname, () => process.send?.("ready"));
for (const event of ["SIGTERM", "SIGINT", "disconnect"]) process.on(event, end);

function answer(request, response) {
  const refused = refusal(request, { loopback: isLoopback });
  if (!refused) {
    handle(request, response);
    return;
  }
  const { status, message, hint } = refused;
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ message, hint }));
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
