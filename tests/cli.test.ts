import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { graph, tinyClip } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

let dir: string;
beforeAll(async () => {
  dir = await temporaryFolder();
});
interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

/** The command line as a script would call it. */
const patchbay = (...args: string[]) => patchbayOn(join(dir, "data"), ...args);

function patchbayOn(data: string, ...args: string[]): Promise<Ended> {
  const command = ["scripts/program.mjs", "server/cli.ts", ...args];
  const options = { env: { ...process.env, PATCHBAY_DATA: data }, maxBuffer: 64 * 2 ** 20 };
  return new Promise((done) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      const status = error ? ((error.code as number | undefined) ?? -1) : 0;
      done({ status, stdout, stderr });
    });
  });
}

async function file(name: string, content: unknown): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** What a stream has said so far. */
function textOf(stream: Readable): () => string {
  let text = "";
  stream.on("data", (chunk) => {
    text += chunk;
  });
  return () => text;
}

const grid = graph(
  {
    data: ["data.emoji", { vendors: ["fluent"], limit: 4 }],
    grid: ["output.image-grid", { limit: 2 }],
    export: ["weights.save"],
    load: ["weights.load"],
  },
  ["data.image -> grid.image", "load.weights -> export.weights"],
);

describe("patchbay", () => {
  it("runs a graph, says what ran and what was cached, and writes files", async () => {
    const path = await file("grid.json", grid);
    const out = join(dir, "out");
    const first = await patchbay("run", path, "--json", "--out", out);
    const again = await patchbay("run", path, "--json", "--set", "grid.limit=3");
    expect([first.status, again.status]).toEqual([0, 0]);
    const [a, b] = [JSON.parse(first.stdout), JSON.parse(again.stdout)];
    expect(a).toMatchObject({
      status: "done",
      cached: [],
      outputs: { export: { file: { name: "weights.safetensors" } } },
    });
    expect(a.ran.toSorted()).toEqual(["data", "export", "grid", "load"]);
    expect([b.ran, b.outputs.grid.gallery.images.length]).toEqual([["grid"], 3]);
    expect(typeof a.timings.data).toBe("number");
    expect(await readdir(out)).toContain("weights.safetensors");
  });
  it("reads a graph and a text that an editor wrote in UTF-16 or with a byte-order mark", async () => {
    const text = JSON.stringify(graph({ text: ["text.input", { text: "é" }] }));
    const encoded = {
      "bom.json": Buffer.from(`\ufeff${text}`),
      "utf16le.json": Buffer.from(`\ufeff${text}`, "utf16le"),
      "utf16be.json": Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
      "words.txt": Buffer.from("\ufeffzwei\r\nWörter\r\n", "utf16le"),
    };
    for (const [name, bytes] of Object.entries(encoded)) await writeFile(join(dir, name), bytes);
    const read = await Promise.all(
      ["bom.json", "utf16le.json"].map((name) => patchbay("run", join(dir, name), "--json")),
    );
    expect(read.map(({ stdout }) => JSON.parse(stdout).outputs.text)).toEqual([{ text: ["é"] }, { text: ["é"] }]);
    const words = ["--set", `text.text=@${join(dir, "words.txt")}`];
    const { stdout } = await patchbay("run", join(dir, "utf16be.json"), "--json", ...words);
    expect(JSON.parse(stdout).outputs.text).toEqual({ text: ["zwei", "Wörter"] });
  });
  it("tells again with a result from the cache what was warned of when it was made", async () => {
    const folder = join(dir, "captioned");
    await mkdir(folder, { recursive: true });
    const red = { width: 8, height: 8, channels: 3, background: "#f00" } as const;
    const png = await sharp({ create: red }).png().toBuffer();
    for (const name of ["a.png", "b.png"]) await writeFile(join(folder, name), png);
    await writeFile(join(folder, "a.txt"), "one");
    await writeFile(join(folder, "b.txt"), "");
    const path = await file("captioned.json", graph({ data: ["data.folder", { folder }] }));
    vi.stubEnv("PATCHBAY_FOLDERS", folder);
    const first = await patchbay("run", path);
    const again = await patchbay("run", path);
    const { stdout } = await patchbay("run", path, "--json");
    vi.unstubAllEnvs();
    const message = "1 of 2 captions are empty; their pictures are left out.";
    expect(first.stderr).toContain(`warning in data: ${message}\n`);
    expect(again.stderr).toBe(`warning in data: ${message}\ndone: ran 0 nodes, 1 from the cache.\n`);
    expect(JSON.parse(stdout).warnings).toEqual([{ node: "data", message }]);
  });
  it("writes two files of one name beside each other", async () => {
    const twice = graph(
      { load: ["weights.load"], a: ["weights.save"], b: ["weights.save", { precision: "float16" }] },
      ["load.weights -> a.weights", "load.weights -> b.weights"],
    );
    const out = join(dir, "twice");
    const { status } = await patchbay("run", await file("twice.json", twice), "--out", out, "--json");
    expect([status, (await readdir(out)).toSorted()]).toEqual([
      0,
      ["b.file.weights.safetensors", "load.weights.safetensors", "weights.safetensors"],
    ]);
  });
  it("tells everything that leads to the targets, and writes it, cached or not", async () => {
    const words = { text: "one\ntwo" };
    const path = await file(
      "leading.json",
      graph(
        {
          load: ["weights.load"],
          half: ["weights.save", { precision: "float16", name: "half" }],
          words: ["text.input", words],
        },
        ["load.weights -> half.weights"],
      ),
    );
    const data = join(dir, "leading-data");
    const told: { ran: string[]; nodes: string[]; files: string[] }[] = [];
    for (const name of ["first", "again"]) {
      const out = join(dir, name);
      const { stdout } = await patchbayOn(data, "run", path, "--target", "half", "--out", out, "--json");
      const { ran, outputs } = JSON.parse(stdout);
      told.push({ ran, nodes: Object.keys(outputs).toSorted(), files: (await readdir(out)).toSorted() });
    }
    const both = { nodes: ["half", "load"], files: ["half.safetensors", "load.weights.safetensors"] };
    expect(told).toEqual([
      { ran: ["load", "half"], ...both },
      { ran: [], ...both },
    ]);
  });
  it("sweeps: every combination with what they share from the cache, and says which is best", async () => {
    const path = await file("tiny.json", tinyClip({ steps: 6 }));
    const grids = ["trainer.lr=0.001,0.01", "trainer.optimizer=adamw,lion"].flatMap((axis) => ["--grid", axis]);
    const args = [...grids, "--metric", "trainer.curve"];
    const { status, stdout } = await patchbay("sweep", path, ...args, "--json");
    const { trials, best, metric } = JSON.parse(stdout) as {
      trials: { number: number; assignment: object; status: string; metric: number }[];
      best: { number: number; metric: number };
      metric: object;
    };
    expect([status, metric, trials.map((t) => t.status)]).toEqual([
      0,
      { node: "trainer", port: "curve", goal: "min" },
      ["done", "done", "done", "done"],
    ]);
    expect(trials[3]?.assignment).toEqual({ "trainer.lr": 0.01, "trainer.optimizer": "lion" });
    expect([best.metric, new Set(trials.map((t) => t.metric)).size]).toEqual([
      Math.min(...trials.map((t) => t.metric)),
      4,
    ]);
    const words = await patchbay("sweep", path, ...args);
    expect(words.stdout.split("\n")[0]).toBe(
      `trainer.curve = ${trials[0]?.metric} with trainer.lr = 0.001, trainer.optimizer = adamw`,
    );
    expect(words.stderr).toContain(`best of 4 is run ${best.number}`);
    const space = ["--random", "trainer.lr=1e-4..1e-2:log", "--count", "2"];
    const random = await patchbay("sweep", path, ...space, "--metric", "trainer.curve:lr", "--json");
    expect(JSON.parse(random.stdout)).toMatchObject({ status: "done", trials: [{ metric: 0 }, { metric: 0 }] });
  });
  it.skipIf(process.platform === "win32")(
    "is cancelled by Ctrl-C, with its object, and goes on from there",
    async () => {
      const path = await file("long.json", tinyClip({ steps: 100_000, checkpoint: 5, warmup: 10 }));
      const startRun = (...more: string[]) =>
        spawn("npm", ["run", "-s", "patchbay", "--", "run", path, ...more], {
          env: { ...process.env, PATCHBAY_DATA: join(dir, "data") },
          detached: true,
          stdio: ["ignore", "pipe", "pipe"],
        });
      /** As a terminal does, to the whole group. */
      const pressControlC = async (child: ChildProcess) => {
        process.kill(-(child.pid as number), "SIGINT");
        await once(child, "close");
      };
      const hasCheckpoint = async () => {
        const files = await readdir(join(dir, "data/scratch"), { recursive: true }).catch(() => []);
        return files.some((f) => f.endsWith("manifest.json"));
      };
      const patience = { timeout: 60_000, interval: 200 };
      const first = startRun("--json");
      const out = textOf(first.stdout);
      await expect.poll(hasCheckpoint, patience).toBe(true);
      await pressControlC(first);
      expect(JSON.parse(out()).status).toBe("cancelled");
      const second = startRun();
      const told = textOf(second.stderr);
      await expect.poll(told, patience).toMatch(/trainer: goes on after step \d*[05]\n/);
      await pressControlC(second);
    },
  );
  it("compiles templates to ONNX that plain onnxruntime opens", async () => {
    const out = join(dir, "models");
    const { status, stdout } = await patchbay("compile", "image-embeddings", "--out", out, "--json");
    expect(status).toBe(0);
    const { models } = JSON.parse(stdout) as { models: { file: string; nodes: string[] }[] };
    expect(models.flatMap((m) => m.nodes)).toEqual(expect.arrayContaining(["vision", "projector", "norm"]));
    for (const m of models)
      expect((await ort.InferenceSession.create(m.file, { logSeverityLevel: 4 })).inputNames.length).toBeGreaterThan(0);
  });
  it("compiles with the weights of a checkpoint written in, and names one that is missing", async () => {
    const out = join(dir, "whole");
    const weights = "models/checkpoints/clip-emoji.safetensors";
    const compile = (...more: string[]) =>
      patchbay("compile", "image-embeddings", "--out", out, "--weights", weights, ...more);
    expect((await compile("--json")).status).toBe(0);
    const inputs = await Promise.all(
      (await readdir(out)).map(
        async (model) => (await ort.InferenceSession.create(join(out, model), { logSeverityLevel: 4 })).inputNames,
      ),
    );
    expect(inputs.flat().sort()).toEqual(["normalize.pixels", "vision.features"]);
    const { status, stderr } = await compile("--set", "vision.scope=nobody");
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("The checkpoint holds no parameter “nobody.conv1.weight”."),
    ]);
  });
  it("uploads a file for a parameter: a foreign ONNX model runs, and is exported again", async () => {
    const path = await file(
      "foreign.json",
      graph(
        {
          text: ["text.input", { text: "a" }],
          tokenizer: ["text.load-tokenizer"],
          tokens: ["text.tokenize", { length: 7 }],
          model: ["model.onnx"],
          export: ["output.export-onnx", { name: "again" }],
        },
        [
          "text.text -> tokens.text",
          "tokenizer.tokenizer -> tokens.tokenizer",
          "tokens.ids -> model.ids",
          "model.y -> export.tensor",
        ],
      ),
    );
    const out = join(dir, "again");
    const model = "model.file=@tests/fixtures/onnx/text.onnx";
    const changes = ["--set", "model.source=upload", "--set", model, "--target", "export"];
    const { status, stdout, stderr } = await patchbay("run", path, ...changes, "--out", out, "--json");
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("error")]);
    expect(JSON.parse(stdout).outputs.export.file.name).toBe("again.onnx");
    const feeds = { ids: new ort.Tensor("int64", BigInt64Array.from([5, 9, 2, 29, 0, 0, 0], BigInt), [1, 7]) };
    const open = (model: string) => ort.InferenceSession.create(model, { logSeverityLevel: 3 });
    const [before, after] = await Promise.all(
      [open("tests/fixtures/onnx/text.onnx"), open(join(out, "again.onnx"))].map(
        async (s) => (await (await s).run(feeds)).y?.data as Float32Array,
      ),
    );
    for (const [i, x] of (before as Float32Array).entries()) expect(after?.[i]).toBeCloseTo(x, 5);
  });
  it.each([
    ["graph-utf8.json", "utf-8", 0],
    ["graph-utf16.json", "utf-16le", 0],
    ["model.onnx", "latin1", 1],
  ] as const)("checks the file %s, in the form that it has", async (name, encoding, status) => {
    const document = { schema: 1, name: "Añejo", nodes: { text: { type: "text.input", params: {} } }, wires: [] };
    const path = join(dir, name);
    const encodings = { "utf-8": "utf8", "utf-16le": "utf16le", latin1: "latin1" } as const;
    await writeFile(path, Buffer.from(`\ufeff${JSON.stringify(document)}`, encodings[encoding]));
    const ended = await patchbay("check", path);
    expect(ended.status).toBe(status);
    expect(ended.stdout + ended.stderr).toMatch(status ? /This is no text/ : /no errors/);
  });
  it("shows what the data folder holds, and frees what can be made again", async () => {
    const data = join(dir, "cleaned");
    const path = await file("clean.json", grid);
    const clean = async (...args: string[]) => {
      const { status, stdout } = await patchbayOn(data, "clean", ...args, "--json");
      const { kinds, freed } = JSON.parse(stdout);
      const spare = kinds.filter((kind: { spare: boolean }) => kind.spare).length;
      return { status, spare, kinds: kinds.length, freed: freed?.files };
    };
    await patchbayOn(data, "run", path, "--json");
    const before = await clean();
    expect([before.status, before.spare > 1, before.freed]).toEqual([0, true, undefined]);
    const after = await clean("--free");
    expect([after.spare, after.freed > 3, after.kinds]).toEqual([0, true, before.kinds - before.spare]);
    const again = JSON.parse((await patchbayOn(data, "run", path, "--json")).stdout);
    expect([again.status, again.ran.length]).toEqual(["done", 4]);
    expect((await patchbayOn(data, "clean", "--keep", "1G")).status).toBe(2);
    expect((await patchbayOn(data, "clean", "--free", "--keep", "much")).status).toBe(2);
  });
  it("lists ops with their gradients", async () => {
    const { stdout } = await patchbay("ops", "--json");
    const ops = JSON.parse(stdout) as { op: string; shape: boolean; gradient: string }[];
    const gradientOf = (name: string) => ops.find(({ op }) => op === name)?.gradient;
    expect(["Conv", "ArgMax", "RMSNormalization"].map(gradientOf)).toEqual(["rule", "none", "rule"]);
    expect(["Split", "Flatten", "Shape"].map(gradientOf)).toEqual(["rule", "rule", "none"]);
    expect(ops.every(({ shape }) => shape)).toBe(true);
  });
  it("lists nodes and templates", async () => {
    const [nodes, templates] = [
      JSON.parse((await patchbay("nodes", "--json")).stdout),
      JSON.parse((await patchbay("templates", "--json")).stdout),
    ];
    expect(nodes.find((n: { type: string }) => n.type === "image.resize")).toMatchObject({
      inputs: { image: { type: "image" } },
      params: { width: { type: "integer", default: 224 } },
    });
    expect(templates.map((t: { id: string }) => t.id)).toContain("clip-train-emoji");
  });
  it.each([
    [["run"], /missing required argument/],
    [["fly"], /unknown command/],
    [["run", "no-such-template"], /There is no file and no template “no-such-template”/],
    [["check", "clip-train-emoji", "--nope"], /unknown option/],
    [["run", "image-embeddings", "--set", "grid"], /--set takes NODE\.PARAM=VALUE/],
    [["run", "image-embeddings", "--set", "nope.limit=1"], /names the node “nope”, which is not in the graph/],
    [["run", "image-embeddings", "--set", "grid.nope=1"], /names the parameter “nope”, which grid does not have/],
    [
      ["run", "image-embeddings", "--json", "--out", "package.json"],
      /--out names “package.json”, which cannot be made a folder/,
    ],
    [["sweep", "image-embeddings", "--metric", "heatmap.x"], /A sweep varies something/],
    [
      ["sweep", "image-embeddings", "--grid", "data.limit", "--metric", "a.b"],
      /--grid takes NODE\.PARAM=V1,V2, and “data\.limit”/,
    ],
    [
      ["sweep", "image-embeddings", "--random", "data.limit=few..many", "--metric", "a.b"],
      /--random takes NODE\.PARAM=MIN\.\.MAX/,
    ],
    [["sweep", "image-embeddings", "--grid", "data.limit=1", "--metric", "accuracy"], /--metric takes NODE\.PORT/],
    [
      ["sweep", "image-embeddings", "--grid", "data.limit=1", "--metric", "a.b", "--count", "none"],
      /--count is a whole number from 1 to 1000/,
    ],
    [
      ["run", "clip-zero-shot-emoji", "--set", "checkpoint.file=@nowhere"],
      /names the file “nowhere”, which cannot be read/,
    ],
    [["compile", "image-embeddings", "--out", "x", "--weights", "nowhere"], /--weights names the file “nowhere”/],
    [["run", "image-embeddings", "--provider", "tpu"], /--provider is auto, cpu, webgpu or cuda/],
  ])("ends with 2 and says how it is used: %o", async (args, message) => {
    const { status, stderr, stdout } = await patchbay(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });
  it.each([
    [
      "a wrong wire",
      graph({ t: ["text.input"], r: ["image.resize"] }, ["t.text -> r.image"]),
      /r\.image expects image, but t\.text gives text\. Connect an output of type image\./,
    ],
    ["a missing input", graph({ r: ["image.resize"] }), /error in r\.image: Resize needs its input "image"/],
    ["a bad parameter", graph({ r: ["text.input", { text: 7 }] }), /error in r\.text: Text: text is 7\./],
    ["an unknown node type", graph({ r: ["no.such"] }), /There is no node type "no\.such"/],
    ["a future schema", { schema: 99, nodes: {}, wires: [] }, /newer Patchbay/],
    ["no JSON", "{", /This is no JSON/],
    ["an empty graph", graph({}), /no nodes, so there is nothing to run/],
    ["100 MB", `"${"x".repeat(100e6)}"`, /4 MiB is the limit/],
  ])("ends with 1, names it and the remedy, in words and as JSON: %s", async (name, content, message) => {
    const path = await file(`${name.replace(/\W/g, "-")}.json`, content);
    const words = await patchbay("run", path);
    const json = await patchbay("run", path, "--json");
    expect([words.status, json.status]).toEqual([1, 1]);
    expect(words.stderr).toMatch(message);
    expect(words.stderr).not.toMatch(/\n\s+at |node_modules/);
    expect(JSON.parse(json.stdout).status).toBe("failed");
  });
  it("lists all problems of a graph, and warnings of one that runs", async () => {
    const two = await file("two.json", graph({ a: ["image.resize"], b: ["text.input", { text: 7 }] }));
    const bad = await patchbay("run", two);
    const odd = await patchbay("run", await file("odd.json", graph({ a: ["text.input", { texts: "?" }] })));
    expect([bad.status, bad.stderr.match(/^error in/gm)?.length, odd.status]).toEqual([1, 2, 0]);
    expect(odd.stderr).toMatch(/warning in a\.texts: Text has no parameter "texts"; it is ignored/);
  });
  it("explains a data folder it may not write", async () => {
    await mkdir(join(dir, "ro"));
    await writeFile(join(dir, "ro/blobs"), "a file where a folder should be");
    const path = await file("grid2.json", grid);
    const { status, stderr } = await patchbayOn(join(dir, "ro"), "run", path);
    expect(status).toBe(1);
    expect(stderr).toMatch(/error in data: The data folder cannot be written/);
    expect(await readFile(join(dir, "ro/blobs"), "utf8")).toContain("a file");
  });
});
