import { describe, expect, it } from "vitest";
import { refusal } from "./refusal.mjs";

const answer = (method: string, url: string, headers: Record<string, string> = {}, loopback = true) =>
  refusal({ method, url, headers: { host: "localhost:3000", ...headers } }, { loopback })?.status;

describe("a request is refused unread", () => {
  it.each([
    ["under another host's name", "GET", "/", { host: "evil.example:3000" }, 421],
    ["under a name that begins like ours", "GET", "/", { host: "127.0.0.1.evil.example" }, 421],
    ["for another server", "GET", "http://evil.example/", {}, 400],
    ["with a path that a browser would take for a host", "GET", "//evil.example/", {}, 400],
    ["with a broken address", "GET", "/api/blobs/%zz", {}, 400],
    [
      "from another site's form",
      "POST",
      "/api/trpc/graphs.create",
      { "sec-fetch-site": "cross-site", origin: "http://evil.example" },
      403,
    ],
    [
      "from another port of this machine",
      "POST",
      "/api/uploads",
      { "sec-fetch-site": "same-site", origin: "http://localhost:9999" },
      403,
    ],
    ["from a browser that tells the origin alone", "POST", "/api/uploads", { origin: "http://evil.example" }, 403],
    ["from a page without an origin", "DELETE", "/x", { origin: "null" }, 403],
  ])("%s", (_, method, url, headers, status) =>
    expect(answer(method, url, headers as Record<string, string>)).toBe(status));

  it("and the rest is answered: our pages, scripts, links from elsewhere, other names where HOST allows them", () => {
    expect(
      answer("POST", "/api/trpc/a.b?batch=1", { "sec-fetch-site": "same-origin", origin: "http://localhost:3000" }),
    ).toBeUndefined();
    expect(answer("POST", "/api/uploads", { origin: "http://localhost:3000" })).toBeUndefined();
    expect(answer("POST", "/api/uploads")).toBeUndefined();
    expect(answer("GET", "/graphs/x?a=%25", { "sec-fetch-site": "cross-site" })).toBeUndefined();
    expect(answer("GET", "/", { host: "studio.example" }, false)).toBeUndefined();
  });
});
