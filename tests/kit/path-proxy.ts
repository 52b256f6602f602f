/** A proxy that has the product below a path of its host, and something else at every other path. */
import http from "node:http";
import type { AddressInfo } from "node:net";

export interface PathProxy {
  /** Where the product is reached, without a slash at the end. */
  url: string;
  /** What was asked for beside that path, which is not the product's. */
  beside: string[];
  close(): void;
}

/** Passes on what lies below the path as it came, streams included. */
export async function openPathProxy(path: string, behind: () => string): Promise<PathProxy> {
  const beside: string[] = [];
  const server = http.createServer((request, response) => {
    const { method, url = "", headers } = request;
    if (url !== path && !url.startsWith(`${path}/`) && !url.startsWith(`${path}?`)) {
      beside.push(url);
      response.writeHead(404).end("another application");
      return;
    }
    const { hostname, port } = new URL(behind());
    const told = { ...headers, "x-forwarded-for": request.socket.remoteAddress ?? "", "x-forwarded-proto": "http" };
    const passed = http.request({ hostname, port, method, path: url, headers: told }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.once("close", () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${path}`, beside, close: () => server.close() };
}
