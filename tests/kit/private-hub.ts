/** A server that speaks the hub's protocol, as far as a tokenizer is read, and shows its model to one token alone. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface PrivateHub {
  url: string;
  /** With what it was asked, in order. */
  asked: (string | undefined)[];
  close(): void;
}

const commit = "a".repeat(40);
const tokenizer = readFileSync("tests/fixtures/conformance/bert/tokenizer.json");
const entry = {
  type: "file",
  path: "tokenizer.json",
  size: tokenizer.length,
  oid: createHash("sha1").update(`blob ${tokenizer.length}\0`).update(tokenizer).digest("hex"),
};

/** The model is owner/private. */
export async function openPrivateHub(token: string): Promise<PrivateHub> {
  const asked: PrivateHub["asked"] = [];
  const server: Server = createServer(({ url = "", headers: { authorization } }, response) => {
    asked.push(authorization);
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (authorization !== `Bearer ${token}`) return json(401, { error: "Unauthorized" });
    if (!url.includes("owner/private")) return json(404, { error: "Repository not found" });
    if (url.includes("/revision/")) return json(200, { _id: "1", id: "owner/private", sha: commit });
    if (url.includes("/tree/")) return json(200, [entry]);
    return response.writeHead(200, { "content-length": tokenizer.length }).end(tokenizer);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, close: () => server.close() };
}
