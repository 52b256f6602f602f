import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { getRemoteBytes } from "./get";

let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/" }).end();
    else response.end("hello");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

describe("what is read from the network", () => {
  it("is nothing of this machine or the net around it, however it is written", async () => {
    const hosts = ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"];
    const others = ["10.0.0.1", "169.254.169.254", "192.168.1.1", "[fe80::1]", "[fd00::1]", "100.64.0.1"];
    for (const host of [...hosts, ...others])
      await expect(getRemoteBytes(`http://${host}:${port}/`, 100), host).rejects.toThrow("place of this machine");
    for (const address of ["ftp://a.example/", "file:///etc/passwd", "http://a:b@c.example/", "javascript:1", "x"])
      await expect(getRemoteBytes(address, 100)).rejects.toThrow("no address of a web site");
  });

  it("may be such a place where the operator says so; bounded, and without redirects", async () => {
    vi.stubEnv("PATCHBAY_PRIVATE_HOSTS", "127.0.0.1, localhost");
    expect(String(await getRemoteBytes(`http://127.0.0.1:${port}/`, 100))).toBe("hello");
    expect(String(await getRemoteBytes(`http://localhost:${port}/`, 100))).toBe("hello");
    await expect(getRemoteBytes(`http://127.0.0.1:${port}/`, 3)).rejects.toThrow("more than is taken");
    await expect(getRemoteBytes(`http://127.0.0.1:${port}/moved`, 100)).rejects.toThrow("status 302");
  });
});
