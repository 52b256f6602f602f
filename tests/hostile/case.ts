/** A hostile request, sent as it is: nothing on the way tidies its address up. */
import http from "node:http";

export interface Known {
  url: string;
  graph: string;
  run: string;
  /** The port of a server on this machine that must not be reached. */
  canary: number;
  /** Pages that show texts of strangers. */
  pages: readonly string[];
  /** A token and the address of a link that were ended, and others that go on. */
  ended: { token: string; other: string; link: string; shown: string };
}

export interface Case {
  name: string;
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Sent without saying how long it is. */
  isChunked?: boolean;
  /** The statuses that refuse it; 0 where the connection is closed instead. */
  expected: readonly number[];
}

export const refused = [400, 401, 403, 404, 405, 409, 410, 413, 414, 415, 421, 422, 431] as const;

export function sendCase(url: string, hostile: Case): Promise<{ status: number; body: string }> {
  const { method = "GET", path, headers = {}, body, isChunked } = hostile;
  const { hostname, port } = new URL(url);
  const length = body === undefined || isChunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve) => {
    const gone = () => resolve({ status: 0, body: "" });
    const request = http.request(
      { hostname, port, path, method, headers: { ...length, ...headers }, agent: false, timeout: 60_000 },
      (response) => {
        const parts: Buffer[] = [];
        const end = () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).subarray(0, 100_000).toString() });
        response.on("data", (part) => parts.push(part));
        response.on("end", end);
        response.on("error", end);
      },
    );
    request.on("error", gone);
    request.on("timeout", () => request.destroy());
    if (isChunked && body !== undefined) request.write(body);
    request.end(isChunked ? undefined : body);
  });
}

export const json = { "content-type": "application/json" };

/** A request for a run with this body. */
export function runWith({ graph }: Known, name: string, body: unknown, expected: Case["expected"] = [400, 422]): Case {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { name, method: "POST", path: `/api/v1/graphs/${graph}/runs`, headers: json, body: text, expected };
}
