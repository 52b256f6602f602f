/** The web process: Next's own server, which ends when whoever started it does. */
import { createServer } from "node:http";
import next from "next";

const port = Number(process.env.PORT ?? 3000), hostname = process.env.HOST ?? "127.0.0.1", dev = process.env.NODE_ENV !== "production";
const app = next({ dev, hostname, port, dir: new URL("..", import.meta.url).pathname });
await app.prepare();
const handle = app.getRequestHandler(), server = createServer((request, response) => void handle(request, response));
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
