import { execFile } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { random } from "#models/random";
import type { GraphDocument } from "#nodes/graph/document";
import { setParam } from "#nodes/graph/edits";
import { withoutLeaving } from "#nodes/graph/leaving";
import { importBundle } from "#server/bundles/import";
import type { BundleManifest } from "#server/bundles/manifest";
import { openBundle } from "#server/bundles/open";
import { packBundle } from "#server/bundles/pack";
import { withAssignments } from "#server/cli/assignments";
import { type Db, openDb } from "#server/db";
import { Failure } from "#server/errors";
import { loadValue } from "#server/runtime/values";
import { type Blobs, openBlobs } from "#server/storage/blobs";
import { POST } from "../app/api/bundles/route";
import { GET } from "../app/api/graphs/[id]/bundle/route";
import { api, database, withBackend } from "./kit/backend";
import { hashOf, type RawEntry, rawZip } from "./kit/bundles";
import { type TestDatabase, testDatabase } from "./kit/database";
import { graph, runDocument } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

const qwen2 = resolve("tests/fixtures/conformance/qwen2");
const images = resolve("tests/fixtures/conformance/images");
let second: TestDatabase;
let elsewhere: Db;

withBackend();
beforeAll(async () => {
  second = await testDatabase();
  elsewhere = openDb(second.url);
});
afterAll(async () => {
  await elsewhere?.$disconnect();
  await second?.stop();
});

/** The command line beside this installation, whose database it finds in the data folder. */
function patchbay(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const env = { ...process.env, PATCHBAY_DATA: database.folder, DATABASE_URL: "" };
  return new Promise((done) => {
    execFile(process.execPath, ["scripts/program.mjs", "server/cli.ts", ...args], { env }, (error, stdout, stderr) => {
      done({ status: error ? ((error.code as number | undefined) ?? -1) : 0, stdout, stderr });
    });
  });
}

/** A language model with its tokenizer and weights, and pictures, all uploaded. */
async function withUploads(blobs: Blobs): Promise<GraphDocument> {
  const document = graph(
    {
      pictures: ["image.load", {}],
      resize: ["image.resize", { width: 8, height: 8 }],
      pixels: ["image.normalize"],
      text: ["text.input", { text: "A red ball.\nTwo dogs." }],
      tokenizer: ["text.load-tokenizer", { source: "upload" }],
      tokenize: ["text.tokenize", { length: 8, packing: "own" }],
      load: ["weights.load", { source: "upload" }],
      model: ["model.hugging-face", { source: "upload" }],
    },
    [
      "pictures.image -> resize.image",
      "resize.image -> pixels.image",
      "text.text -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> model.input_ids",
      "tokenize.mask -> model.attention_mask",
      "load.weights -> model.weights",
    ],
  );
  const files = (await readdir(images)).filter((name) => name.endsWith(".png")).slice(0, 2);
  const refs = await Promise.all(
    files.map(async (name) => ({ ref: await blobs.put(await readFile(join(images, name))), name })),
  );
  const set = [
    `tokenizer.file=@${join(qwen2, "tokenizer.json")}`,
    `model.file=@${qwen2}`,
    `load.file=@${join(qwen2, "model.safetensors")}`,
    `pictures.images=${JSON.stringify(refs)}`,
  ];
  return withAssignments(document, set, blobs);
}

async function write(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const path = join(await temporaryFolder(), "made.patchbay");
  await writeFile(path, stream);
  return path;
}

const local = { kind: "local" } as const;
const about = { title: "Everything", text: "", tags: ["test"], licence: "MIT" };

describe("a bundle", () => {
  it("opened in an empty second installation runs with equal results", async () => {
    const [here, there] = [await temporaryFolder(), second.folder];
    const blobs = openBlobs(join(here, "blobs"));
    const document = await withUploads(blobs);
    const path = await write((await packBundle({ document, about }, blobs)).stream());

    const target = openBlobs(join(there, "blobs"));
    const { id, missing } = await importBundle(elsewhere, target, local, path);
    expect(missing).toEqual([]);
    const { document: stored } = await elsewhere.graph.findUniqueOrThrow({ where: { id } });
    expect(stored).toEqual(document);

    const results = await Promise.all([runDocument(document, here), runDocument(stored as never, there)]);
    expect(results.map(({ status, error }) => [status, error?.message])).toEqual([
      ["done", undefined],
      ["done", undefined],
    ]);
    for (const [node, port] of [
      ["model", "logits"],
      ["pixels", "pixels"],
    ] as const) {
      const [first, other] = await Promise.all(
        results.map(async ({ outputs }, i) => loadValue("tensor", outputs[node]?.[port]?.value, i ? target : blobs)),
      );
      expect(first).toEqual(other);
    }
  });

  it("takes pinned results along where that is wished, and only then", async () => {
    const dir = await temporaryFolder();
    const blobs = openBlobs(join(dir, "blobs"));
    const values = await blobs.put(Buffer.from("values"), { durable: false });
    const ref = await blobs.put(
      Buffer.from(JSON.stringify({ type: "text.input", outputs: { text: { ref: values } } })),
    );
    const document = graph({ text: ["text.input", { text: "a" }] });
    const pin = { at: new Date(0).toISOString(), ref, bytes: 6, params: {}, outputs: {} };
    const pinned = { ...document, nodes: { text: { ...document.nodes.text, pin } } } as GraphDocument;
    const kinds = async (each: GraphDocument) => {
      const { manifest, stream } = await packBundle({ document: each, about }, blobs);
      const opened = await openBundle(await write(stream()));
      opened.close();
      return manifest.entries.map(({ kind }) => kind);
    };
    expect(await kinds(pinned)).toEqual(["graph", "artifact", "artifact"]);
    expect(await kinds(withoutLeaving(pinned, {}))).toEqual(["graph"]);
  });

  it("names what was left out, and what comes from elsewhere", async () => {
    const blobs = openBlobs(join(await temporaryFolder(), "blobs"));
    const uploaded = await withUploads(blobs);
    const hub = { source: "hub", model: "openai/clip-vit-base-patch32", revision: "abc" };
    const document = { ...uploaded, nodes: { ...uploaded.nodes, ...graph({ hub: ["weights.load", hub] }).nodes } };
    const weights = (uploaded.nodes.load?.params.file as { ref: string }).ref;
    const { manifest } = await packBundle({ document, about, without: new Set([weights]) }, blobs);
    expect(manifest.missing.map(({ name }) => name)).toEqual(["model.safetensors"]);
    expect(manifest.hub).toEqual([{ model: "openai/clip-vit-base-patch32", revision: "abc" }]);
    const kinds = new Set(manifest.entries.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(["graph", "upload", "tokenizer"]));
  });

  it("is packed of a stored graph by its id, and becomes one, from the command line", async () => {
    const { blobs } = await import("#server/storage/open");
    const document = await withUploads(blobs());
    const { id } = await api.graphs.create({ document });
    await api.graphs.nameVersion({ id, label: "first" });
    const changed = setParam(document, "text", "text", "Changed.");
    await api.graphs.save({ id, revision: 1, document: changed });
    const folder = await temporaryFolder();
    const opened = async (name: string, file: string) => {
      const packed = await patchbay("pack", name, join(folder, file), "--licence", "MIT", "--json");
      expect(packed.stderr).toBe("");
      const { missing } = JSON.parse(packed.stdout);
      const unpacked = await patchbay("unpack", join(folder, file), "--stored", "--json");
      const made = JSON.parse(unpacked.stdout) as { id: string };
      expect([missing, made.id === id]).toEqual([[], false]);
      return (await api.graphs.get({ id: made.id })).document;
    };
    expect(await opened(id, "now.patchbay")).toEqual(changed);
    expect(await opened(`${id}@first`, "first.patchbay")).toEqual(document);
    const { manifest } = await openBundle(join(folder, "now.patchbay"));
    expect(manifest.licence).toBe("MIT");
    for (const [args, message] of [
      [["pack", `${id}@9`, "x.patchbay"], "The graph has no version 9. Those with a name: 1 (first)."],
      [["pack", id.replace(/.$/, (end) => (end === "0" ? "1" : "0")), "x.patchbay"], "There is no graph"],
      [["unpack", join(folder, "now.patchbay"), "--stored", "--team", "Nobody"], "There is no team “Nobody”."],
      [["unpack", join(folder, "now.patchbay"), "--team", "Nobody"], "it needs --stored"],
    ] as const)
      expect(await patchbay(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  }, 300_000);

  it("goes out and comes in by the routes", async () => {
    const { blobs } = await import("#server/storage/open");
    const { id } = await api.graphs.create({ document: await withUploads(blobs()) });
    const sent = await GET(new Request(`http://localhost/api/graphs/${id}/bundle`), {
      params: Promise.resolve({ id }),
    });
    expect(sent.headers.get("content-disposition")).toContain("test.patchbay");
    const request = new Request("http://localhost/api/bundles", { method: "POST", body: await sent.arrayBuffer() });
    const answer = (await (await POST(request)).json()) as { id: string };
    expect((await api.graphs.get(answer)).document).toEqual((await api.graphs.get({ id })).document);
    const wrong = await POST(new Request("http://localhost/api/bundles", { method: "POST", body: "no bundle" }));
    expect([wrong.status, ((await wrong.json()) as { message: string }).message]).toEqual([
      400,
      "This bundle is not opened: it is no zip archive, or was cut off.",
    ]);
  });
});

/** A small good bundle, as entries that can be changed. */
async function goodEntries(): Promise<{ entries: RawEntry[]; manifest: BundleManifest }> {
  const blobs = openBlobs(join(await temporaryFolder(), "blobs"));
  const refs = [];
  for (const name of (await readdir(images)).filter((each) => each.endsWith(".png")).slice(0, 2))
    refs.push({ ref: await blobs.put(await readFile(join(images, name))), name });
  const document = graph({ pictures: ["image.load", { images: refs }], text: ["text.input", { text: "hello" }] });
  const { manifest } = await packBundle({ document, about }, blobs);
  const entries: RawEntry[] = [{ name: "graph.json", content: Buffer.from(`${JSON.stringify(document, null, 2)}\n`) }];
  for (const { ref } of refs) entries.push({ name: `files/${ref}`, content: Buffer.from(await blobs.get(ref)) });
  return { entries, manifest };
}

const withManifest = (entries: RawEntry[], manifest: unknown): RawEntry[] => [
  { name: "manifest.json", content: Buffer.from(JSON.stringify(manifest)) },
  ...entries,
];

type Draw = ReturnType<typeof random>;
type Mutation = (entries: RawEntry[], manifest: BundleManifest, draw: Draw) => Buffer;

const pick = <T>(list: readonly T[], draw: Draw): T => list[Math.floor(draw.uniform() * list.length)] as T;
const link = 0o120777;
const odd = [
  "../x",
  "/etc/passwd",
  "files/../../x",
  "C:\\x",
  "files/",
  "graph.json/",
  "\0",
  "files\\x",
  "GRAPH.JSON",
  "é",
];

function changed(entries: RawEntry[], manifest: unknown, change: Partial<RawEntry>, draw: Draw): Buffer {
  const all = withManifest(entries, manifest);
  const chosen = pick(all, draw);
  return rawZip(all.map((entry) => (entry === chosen ? { ...entry, ...change } : entry)));
}

/** Some value inside of a manifest becomes another one. */
function twisted(value: unknown, draw: Draw): unknown {
  if (typeof value !== "object" || value === null || draw.uniform() < 0.15)
    return pick<unknown>([null, -1, 1e308, "", "../x", [], {}, "f".repeat(64), "x".repeat(10_000), true], draw);
  const names = Object.keys(value);
  if (!names.length) return { surprise: 1 };
  const name = pick(names, draw);
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  if (draw.uniform() < 0.1) delete copy[name];
  else copy[name] = twisted(copy[name], draw);
  return copy;
}

const mutations: Record<string, Mutation> = {
  "bytes flipped": (entries, manifest, draw) => {
    const bytes = rawZip(withManifest(entries, manifest));
    const count = 1 + Math.floor(draw.uniform() * 8);
    for (let i = 0; i < count; i++) {
      const place = Math.floor(draw.uniform() * bytes.length);
      bytes[place] = (bytes[place] as number) ^ (1 + Math.floor(draw.uniform() * 255));
    }
    return bytes;
  },
  "directory flipped": (entries, manifest, draw) => {
    const bytes = rawZip(withManifest(entries, manifest));
    const start = bytes.readUInt32LE(bytes.length - 6);
    for (let i = 0; i < 3; i++)
      bytes[start + Math.floor(draw.uniform() * (bytes.length - start))] = Math.floor(draw.uniform() * 256);
    return bytes;
  },
  "cut off": (entries, manifest, draw) => {
    const bytes = rawZip(withManifest(entries, manifest));
    return bytes.subarray(0, Math.floor(draw.uniform() * bytes.length));
  },
  "entry renamed": (entries, manifest, draw) => changed(entries, manifest, { name: pick(odd, draw) }, draw),
  "entry twice": (entries, manifest, draw) => {
    const all = withManifest(entries, manifest);
    return rawZip([...all, pick(all, draw)]);
  },
  "size that is claimed": (entries, manifest, draw) => {
    const claimed = pick([0, 1, 2 ** 20, 0xfffffffe, 0xffffffff], draw);
    return changed(entries, manifest, { claimed, deflate: draw.uniform() < 0.5 }, draw);
  },
  link: (entries, manifest, draw) => changed(entries, manifest, { mode: pick([link, 0o40755, 0o20666], draw) }, draw),
  encrypted: (entries, manifest, draw) => changed(entries, manifest, { flags: 1 }, draw),
  "wrong hash": (entries, manifest, draw) => {
    const twistedEntry = pick(manifest.entries, draw);
    const list = manifest.entries.map((each) => (each === twistedEntry ? { ...each, sha256: "0".repeat(64) } : each));
    return rawZip(withManifest(entries, { ...manifest, entries: list }));
  },
  "content changed": (entries, manifest, draw) => {
    const entry = pick(entries, draw);
    const content = Buffer.from(entry.content);
    const place = Math.floor(draw.uniform() * content.length);
    content[place] = (content[place] as number) ^ 1;
    return rawZip(
      withManifest(
        entries.map((each) => (each === entry ? { ...each, content } : each)),
        manifest,
      ),
    );
  },
  "manifest twisted": (entries, manifest, draw) => rawZip(withManifest(entries, twisted(manifest, draw))),
  "graph twisted": (entries, manifest, draw) => {
    const content = Buffer.from(JSON.stringify(twisted(JSON.parse(String(entries[0]?.content)), draw)));
    const list = manifest.entries.map((each) =>
      each.kind === "graph" ? { ...each, sha256: hashOf(content), bytes: content.length } : each,
    );
    return rawZip(withManifest([{ name: "graph.json", content }, ...entries.slice(1)], { ...manifest, entries: list }));
  },
  "file that nothing names": (entries, manifest) => {
    const content = Buffer.from("smuggled");
    const path = `files/${hashOf(content)}`;
    const extra = { kind: "upload", path, sha256: hashOf(content), bytes: content.length, name: "x" };
    return rawZip(
      withManifest([...entries, { name: path, content }], { ...manifest, entries: [...manifest.entries, extra] }),
    );
  },
};

describe("1,000 bundles of strangers", () => {
  it("crash nothing, are refused with a sentence where they differ, and leave nothing behind", async () => {
    const dir = await temporaryFolder();
    const blobs = openBlobs(join(dir, "blobs"));
    const { entries, manifest } = await goodEntries();
    const path = join(dir, "bundle.patchbay");
    const said = new Map<string, number>();
    const before = await elsewhere.graph.count();
    const names = Object.keys(mutations);
    for (let i = 0; i < 1000; i++) {
      const name = names[i % names.length] as string;
      const draw = random("bundles", String(i));
      await writeFile(path, mutations[name]?.(entries, manifest, draw) ?? Buffer.alloc(0));
      const outcome = await importBundle(elsewhere, blobs, local, path).catch((error) => error);
      if (!(outcome instanceof Error)) {
        // What is left of a change may mean nothing: other texts, or other notes on the same graph.
        expect(["manifest twisted", "graph twisted", "bytes flipped", "directory flipped"]).toContain(name);
        await elsewhere.graph.delete({ where: { id: outcome.id } });
        await rm(blobs.root, { recursive: true, force: true });
        continue;
      }
      expect(outcome, `${name} ${i}: ${outcome.stack}`).toBeInstanceOf(Failure);
      expect(outcome.message).toMatch(/^[A-Z].*\.$/s);
      said.set(outcome.message, (said.get(outcome.message) ?? 0) + 1);
      expect(await readdir(blobs.root).catch(() => []), name).toEqual([]);
    }
    expect(await elsewhere.graph.count()).toBe(before);
    expect(said.size).toBeGreaterThan(15);
  }, 300_000);

  it("that inflate without end are refused before they have filled anything", async () => {
    const dir = await temporaryFolder();
    const blobs = openBlobs(join(dir, "blobs"));
    const { entries, manifest } = await goodEntries();
    const zeros = Buffer.alloc(110 * 2 ** 20);
    const path = join(dir, "bomb.patchbay");
    const bomb = { name: `files/${hashOf(zeros)}`, content: zeros, deflate: true };
    await writeFile(path, rawZip([...withManifest(entries, manifest), bomb]));
    expect((await readFile(path)).length).toBeLessThan(2 ** 22);
    await expect(importBundle(elsewhere, blobs, local, path)).rejects.toThrow(
      "it would inflate to far more than it is",
    );
    // One that says that it is small, and goes on.
    const lying = manifest.entries.map((each) => (each.kind === "graph" ? { ...each, bytes: 300 } : each));
    const graphBomb = { name: "graph.json", content: zeros, deflate: true, claimed: 300 };
    await writeFile(path, rawZip(withManifest([graphBomb, ...entries.slice(1)], { ...manifest, entries: lying })));
    await expect(importBundle(elsewhere, blobs, local, path)).rejects.toBeInstanceOf(Failure);
    expect(await readdir(blobs.root).catch(() => [])).toEqual([]);
  });

  it("whose entries share the same bytes are refused", async () => {
    const { entries, manifest } = await goodEntries();
    const bytes = rawZip(withManifest(entries, manifest));
    // The second entry of the directory begins where the first does.
    const start = bytes.readUInt32LE(bytes.length - 6);
    const secondEntry = start + 46 + bytes.readUInt16LE(start + 28);
    bytes.writeUInt32LE(0, secondEntry + 42);
    const path = join(await temporaryFolder(), "overlap.patchbay");
    await writeFile(path, bytes);
    await expect(openBundle(path)).rejects.toThrow("its entries share bytes");
  });
});
