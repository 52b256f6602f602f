/** The web process: Next's own server, which ends when whoever started it does. */
import { createServer } from "node:http";
import next from "next";
import { refusal } from "./refusal.mjs";

const port = Number(process.env.PORT ?? 3000);
const hostname = process.env.HOST ?? "127.0.0.1";
const dev = process.env.NODE_ENV !== "production";
const app = next({ dev, hostname, port, dir: new URL("..", import.meta.url).pathname });
await app.prepare();
const handle = app.getRequestHandler();
const loopback = /^(127\.|localhost$|::1$)/.test(hostname);
const server = createServer((request, response) => {
  const refused = refusal(request, { loopback });
  if (!refused) return void handle(request, response);
  response
    .writeHead(refused.status, { "content-type": "application/json", connection: "close" })
    .end(JSON.stringify({ message: refused.message, hint: refused.hint }));
});
server.on("error", (error) => {
  console.error(
    error.code === "EADDRINUSE" ? `Port ${port} is taken. Choose another one: PORT=3001 npm start` : error.message,
  );
  process.exit(98);
});
server.listen(port, hostname, () => process.send?.("ready"));

const end = () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
  setTimeout(() => process.exit(0), 1000);
};
process.on("SIGTERM", end);
process.on("SIGINT", end);
process.on("disconnect", end);
