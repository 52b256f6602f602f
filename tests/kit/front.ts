/** The HTTP API on a port, as the web process has it: requests that wait are handed over to the process that serves. */
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { answerIncoming } from "#server/api/app";

export interface Front {
  url: string;
  server: Server;
}

/** Listens until its server is closed. The folder of the installation is known before. */
export async function startFront(): Promise<Front> {
  const { handOver, isCall } = await import("../../scripts/hand-over.mjs");
  const answer = getRequestListener(answerIncoming, { overrideGlobalObjects: false });
  const server = createServer((request, response) => {
    if (isCall(request)) handOver(request, response, () => void answer(request, response));
    else void answer(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, server };
}
