/** The web process: Next's own server, which ends when whoever started it does. */
import { createServer } from "node:http";
import next from "next";

const port = Number(process.env.PORT ?? 3000), hostname = process.env.HOST ?? "127.0.0.1", dev = process.env.NODE_ENV !== "production";
const app = next({ dev, hostname, port, dir: new URL("..", import.meta.url).pathname });
await app.prepare();
const handle = app.getRequestHandler(), loopback = /^(127\.|localhost$|::1$)/.test(hostname);
// On the loopback address only the loopback's names are answered: a page elsewhere cannot reach in under a name of its own.
const isOurs = (host) => !loopback || /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host ?? "");
const server = createServer((request, response) => {
  if (isOurs(request.headers.host)) return void handle(request, response);
  response.writeHead(421, { "content-type": "text/plain" }).end("This Patchbay answers on localhost only. Set HOST to serve other names.");
});
server.on("error", (error) => {
  console.error(error.code === "EADDRINUSE" ? `Port ${port} is taken. Choose another one: PORT=3001 npm start` : error.message);
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
