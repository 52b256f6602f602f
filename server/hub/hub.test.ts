import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, readFile, readdir, readlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "#tests/kit/run-node";
import { type HubPart, openHubFolder } from "./open";
import { type HubSettings, hubSettings } from "./settings";

const commit = "a".repeat(40);
const later = "b".repeat(40);
const weights = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251);
const files: Record<string, Uint8Array> = {
  "config.json": new TextEncoder().encode('{"model_type": "clip"}'),
  "tokenizer.json": new TextEncoder().encode("{}"),
  "preprocessor_config.json": new TextEncoder().encode('{"size": 8}'),
  "model.safetensors": weights,
  "pytorch_model.bin": Uint8Array.of(1, 2, 3),
  "merges.txt": new Uint8Array(),
};
const sha = (algorithm: string, ...parts: (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest("hex");
const gitHash = (bytes: Uint8Array) => sha("sha1", `blob ${bytes.length}\0`, bytes);

/** A server that speaks the hub's protocol, as far as models are read, and can be made to fail. */
class Hub {
  server: Server;
  head = commit;
  /** Bytes of model.safetensors after which a connection is cut, one by one. */
  cuts: number[] = [];
  requests: { path: string; range?: string; authorization?: string }[] = [];
  resumes = true;
  damaged = false;

  constructor() {
    this.server = createServer((request, response) => this.#answer(request, response));
  }

  #answer(request: IncomingMessage, response: ServerResponse): unknown {
    const { pathname } = new URL(request.url ?? "", "http://hub");
    const { range, authorization } = request.headers;
    this.requests.push({ path: pathname, range, authorization });
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (!pathname.includes("owner/small")) return json(404, { error: "Repository not found" });
    if (pathname.includes("private") && authorization !== "Bearer secret") return json(401, { error: "Unauthorized" });
    if (pathname.includes("/revision/")) return json(200, { _id: "1", id: "owner/small", sha: this.head });
    if (pathname.includes("/tree/")) return json(200, this.#tree());
    const name = pathname.slice(pathname.lastIndexOf("/") + 1);
    // large files lie at another address
    if (pathname.includes("/resolve/") && name === "model.safetensors")
      return response.writeHead(302, { location: `/cdn/owner/small/${name}` }).end();
    return this.#send(name, range, response);
  }

  #tree() {
    return Object.entries(files).map(([path, bytes]) => ({
      type: "file",
      path,
      size: bytes.length,
      oid: gitHash(bytes),
      ...(path === "model.safetensors"
        ? { lfs: { oid: sha("sha256", bytes), size: bytes.length, pointerSize: 99 } }
        : {}),
    }));
  }

  #send(name: string, range: string | undefined, response: ServerResponse): void {
    const bytes = this.damaged ? (files[name] ?? weights).map((byte) => byte ^ 1) : (files[name] as Uint8Array);
    const start = this.resumes ? Number(/bytes=(\d+)/.exec(range ?? "")?.[1] ?? 0) : 0;
    const rest = bytes.subarray(start);
    response.writeHead(this.resumes && range ? 206 : 200, { "content-length": rest.length });
    const cut = name === "model.safetensors" ? this.cuts.shift() : undefined;
    if (cut === undefined) response.end(rest);
    else response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  }
}

let hub: Hub;
let settings: HubSettings;
beforeAll(async () => {
  hub = new Hub();
  await new Promise<void>((done) => hub.server.listen(0, "127.0.0.1", done));
});
afterAll(() => hub.server.close());
beforeEach(async () => {
  Object.assign(hub, { head: commit, cuts: [], requests: [], resumes: true, damaged: false });
  const { port } = hub.server.address() as AddressInfo;
  settings = { endpoint: `http://127.0.0.1:${port}`, cache: await temporaryFolder(), allowRemote: true };
});

const warnings: string[] = [];
const progress: [done: number, of: number, note?: string][] = [];
function openSmall(part: HubPart = "model", revision = "main", changed: Partial<HubSettings> = {}, id = "owner/small") {
  warnings.length = 0;
  progress.length = 0;
  return openHubFolder(id, revision, part, {
    settings: { ...settings, ...changed },
    signal: new AbortController().signal,
    onProgress: (...told) => progress.push(told),
    onWarn: (message) => warnings.push(message),
  });
}

describe("a model of the hub", () => {
  it("is fetched into the cache in the layout of Hugging Face's tools, without what is not needed", async () => {
    const { folder, commit: found } = await openSmall();
    const store = join(settings.cache, "models--owner--small");
    expect([folder, found]).toEqual([join(store, "snapshots", commit), commit]);
    expect((await readdir(folder)).sort()).toEqual([
      "config.json",
      "merges.txt",
      "model.safetensors",
      "preprocessor_config.json",
      "tokenizer.json",
    ]);
    expect(await readlink(join(folder, "model.safetensors"))).toBe(join("..", "..", "blobs", sha("sha256", weights)));
    expect(Uint8Array.from(await readFile(join(folder, "model.safetensors")))).toEqual(weights);
    expect(await readFile(join(store, "refs", "main"), "utf8")).toBe(commit);
    expect(progress.at(-1)?.[0]).toBe(progress.at(-1)?.[1]);
    expect(progress.some(([, , note]) => note === "model.safetensors from the hub")).toBe(true);
  });

  it("is fetched only as far as it is needed", async () => {
    const { folder } = await openSmall("tokenizer");
    expect((await readdir(folder)).sort()).toEqual(["merges.txt", "tokenizer.json"]);
    await openSmall("config");
    expect((await readdir(folder)).sort()).toEqual(["config.json", "merges.txt", "tokenizer.json"]);
    expect(await readdir((await openSmall("processor")).folder)).toContain("preprocessor_config.json");
  });

  it("needs no network when its commit is pinned and it is there", async () => {
    await openSmall("model", commit);
    hub.requests = [];
    await openSmall("model", commit);
    expect(hub.requests).toEqual([]);
  });

  it("goes on in the middle of a file where it was cut, without fetching anything twice", async () => {
    hub.cuts = [100_000, 50_000, 0, 60_000];
    const { folder } = await openSmall();
    expect(Uint8Array.from(await readFile(join(folder, "model.safetensors")))).toEqual(weights);
    const ranges = hub.requests.filter(({ path }) => path.startsWith("/cdn/")).map(({ range }) => range);
    expect(ranges).toEqual(["bytes=0-", "bytes=100000-", "bytes=150000-", "bytes=150000-", "bytes=210000-"]);
  });

  it("goes on in the next run where this one gave up, and starts anew where the server cannot", async () => {
    hub.cuts = [120_000, 0, 0, 0, 0, 0];
    await expect(openSmall()).rejects.toThrow("“model.safetensors” was cut off after 120000 of 300000 bytes");
    hub.cuts = [];
    hub.requests = [];
    await openSmall();
    expect(hub.requests.find(({ path }) => path.startsWith("/cdn/"))?.range).toBe("bytes=120000-");
    hub.resumes = false;
    hub.cuts = [10_000];
    const elsewhere = { cache: await temporaryFolder() };
    const { folder } = await openSmall("model", "main", elsewhere);
    expect(Uint8Array.from(await readFile(join(folder, "model.safetensors")))).toEqual(weights);
  });

  it("is refused where its content is not what the hub says, and fetched anew then", async () => {
    hub.damaged = true;
    await expect(openSmall()).rejects.toThrow("came from the hub with other content than the hub says: its sha1");
    hub.damaged = false;
    expect((await openSmall()).commit).toBe(commit);
  });

  it("is fetched once where two runs want it at once", async () => {
    await Promise.all([openSmall(), openSmall()]);
    expect(hub.requests.filter(({ path }) => path.startsWith("/cdn/"))).toHaveLength(1);
  });

  it("is fetched although a process died while it held the lock", async () => {
    const blobs = join(settings.cache, "models--owner--small", "blobs");
    await mkdir(blobs, { recursive: true });
    const lock = join(blobs, `${sha("sha256", weights)}.lock`);
    await writeFile(lock, "");
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(lock, longAgo, longAgo);
    expect((await openSmall()).commit).toBe(commit);
  });

  it("follows its branch, and is taken as it was where the hub is silent", async () => {
    await openSmall();
    hub.head = later;
    expect((await openSmall()).commit).toBe(later);
    const silent = { endpoint: "http://127.0.0.1:1" };
    expect((await openSmall("model", "main", silent)).commit).toBe(later);
    expect(warnings[0]).toContain("The hub does not answer. “owner/small” is taken as it was");
    await expect(openSmall("model", "v2", silent)).rejects.toThrow("The hub does not answer.");
  });

  it("is used as another tool left it, and nothing is asked where the operator allows no network", async () => {
    const cache = await temporaryFolder();
    const store = join(cache, "models--owner--small");
    const folder = join(store, "snapshots", later);
    await mkdir(join(store, "refs"), { recursive: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(store, "refs", "main"), `${later}\n`);
    await writeFile(join(folder, "config.json"), "{}");
    const off = { cache, allowRemote: false };
    await expect(openSmall("model", "main", off)).rejects.toMatchObject({
      public_: { hint: expect.stringContaining("PATCHBAY_ALLOW_REMOTE=1") },
    });
    const index = { weight_map: { a: "model-1-of-2.safetensors", b: "model-2-of-2.safetensors" } };
    await writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
    await writeFile(join(folder, "model-1-of-2.safetensors"), "");
    await expect(openSmall("model", "main", off)).rejects.toThrow("is not downloaded");
    await writeFile(join(folder, "model-2-of-2.safetensors"), "");
    expect(await openSmall("model", "main", off)).toEqual({ folder, commit: later });
    expect(hub.requests).toEqual([]);
  });

  it("is asked for with the token, and told apart from one that is not there", async () => {
    const asked = (token?: string) => openSmall("model", "private", { ...(token ? { token } : {}) });
    await expect(asked()).rejects.toThrow("The hub does not show “owner/small”.");
    expect((await asked("secret")).commit).toBe(commit);
    await expect(openSmall("model", "main", {}, "nobody/nothing")).rejects.toThrow("The hub has no “nobody/nothing”");
  });

  it.each(["../../etc", "a/b/c", "a--b/c", "/etc", "", "a/.."])("is not called “%s”", async (id) => {
    await expect(openSmall("model", "main", {}, id)).rejects.toThrow("is no id of a model");
  });
  it.each(["../x", "a..b", "", "-x"])("has no revision “%s”", async (revision) => {
    await expect(openSmall("model", revision)).rejects.toThrow("is no revision");
  });
});

describe("the hub's settings", () => {
  it("are those of Hugging Face's tools", () => {
    expect(hubSettings(true, { HF_HOME: "/h", HF_ENDPOINT: "http://mirror/", HF_TOKEN: "t" })).toEqual({
      endpoint: "http://mirror",
      cache: join("/h", "hub"),
      token: "t",
      allowRemote: true,
    });
    expect(hubSettings(true, { HF_HUB_CACHE: "/c", HF_HUB_OFFLINE: "1" })).toMatchObject({
      cache: "/c",
      allowRemote: false,
    });
    expect(hubSettings(false, { XDG_CACHE_HOME: "/x" })).toMatchObject({
      cache: join("/x", "huggingface", "hub"),
      allowRemote: false,
    });
  });
});
