import { rmSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { defineNode } from "#nodes/core/node";
import { port } from "#nodes/core/ports";
import type { GraphDocument } from "#nodes/graph/document";
import type { Registry } from "#nodes/graph/resolve";
import { registry as everyNode } from "#nodes/registry.gen";
import { graph, runDocument, tinyClip } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { readSafetensors, writeSafetensors } from "#models/files/safetensors";
import { openBlobs } from "../storage/blobs";

const vision = { scope: "v", patch: 8, width: 32, layers: 1, heads: 2 };
const chain = (limit = 3, gridLimit = 60) =>
  graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit }],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", vision],
      projector: ["model.projector", { scope: "p", width: 8 }],
      norm: ["model.l2-normalize"],
      similarity: ["model.contrastive-scorer"],
      heatmap: ["output.similarity-heatmap", { limit: gridLimit }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> projector.features",
      "projector.embedding -> norm.embedding",
      "norm.embedding -> similarity.images",
      "norm.embedding -> similarity.texts",
      "similarity.logits -> heatmap.values",
    ],
  );

/** A node that warns of the same thing for every row, and one that reads what it gives. */
function warning(): { document: GraphDocument; registry: Registry } {
  const odd = defineNode({
    type: "test.odd",
    title: "Odd",
    description: "Warns.",
    version: 1,
    inputs: {},
    outputs: { text: port.text({ shape: ["N"] }) },
    params: {},
    run: async ({ host }) => {
      for (const _ of ["a", "b", "c"]) host.warn("Two rows are odd.");
      return { text: ["a", "b", "c"] };
    },
  });
  const after = defineNode({
    type: "test.after",
    title: "After",
    description: "Gives what it reads.",
    version: 1,
    params: {},
    outputs: { text: port.text({ shape: ["N"] }) },
    inputs: { text: port.text({ shape: ["N"] }) },
    run: async ({ inputs }) => ({ text: inputs.text }),
  });
  const document = graph({ odd: ["test.odd"], after: ["test.after"] }, ["odd.text -> after.text"]);
  return { document, registry: { ...everyNode, "test.odd": odd, "test.after": after } };
}

describe("a run", () => {
  it("names the tensor of a checkpoint that a node needs and that holds no floating-point numbers", async () => {
    const dir = await temporaryFolder();
    const width = 8;
    const integers = { name: "p.proj.weight", dtype: "I8", shape: [32, width], data: new Uint8Array(32 * width) };
    const ref = await openBlobs(join(dir, "blobs")).put(writeSafetensors([integers]));
    const document = chain();
    document.nodes.load = { type: "weights.load", params: { source: "upload", file: { ref } } } as never;
    const [from, to] = [
      { node: "load", port: "weights" },
      { node: "projector", port: "weights" },
    ] as const;
    document.wires.push({ from, to });
    const { error } = await runDocument(document, dir);
    expect(error).toMatchObject({
      message: expect.stringContaining('"p.proj.weight" of the checkpoint is of the element type I8'),
      hint: expect.stringContaining("Convert this tensor"),
    });
  });
  it("runs everything once, then takes it from the cache", async () => {
    const dir = await temporaryFolder();
    const first = await runDocument(chain(), dir);
    expect(first.error).toBeUndefined();
    expect(first.ran.toSorted()).toEqual([
      "data",
      "heatmap",
      "norm",
      "normalize",
      "projector",
      "resize",
      "similarity",
      "vision",
    ]);
    const again = await runDocument(chain(), dir);
    expect([again.ran, again.status]).toEqual([[], "done"]);
    expect(again.outputs.heatmap).toEqual(first.outputs.heatmap);
  });
  it("runs a node that has an effect each time, also on the fourth", async () => {
    const dir = await temporaryFolder();
    let count = 0;
    const sends = defineNode({
      type: "test.sends",
      title: "Sends",
      description: "Tells the world, and what it was told.",
      version: 1,
      inputs: { text: port.text({ shape: ["N"] }) },
      outputs: { text: port.text({ shape: ["N"] }) },
      params: {},
      effect: true,
      run: async ({ inputs }) => {
        count++;
        return { text: inputs.text };
      },
    });
    const document = graph({ in: ["text.input", { text: "a" }], sends: ["test.sends"] }, ["in.text -> sends.text"]);
    const registry: Registry = { ...everyNode, "test.sends": sends };
    const runs: string[][] = [];
    for (let i = 0; i < 4; i++) runs.push((await runDocument(document, dir, { registry })).ran);
    expect(runs).toEqual([["in", "sends"], ["sends"], ["sends"], ["sends"]]);
    expect(count).toBe(4);
  });
  it("re-runs only the last node when only its parameter changed", async () => {
    const dir = await temporaryFolder();
    await runDocument(chain(), dir);
    const { ran, cached } = await runDocument(chain(3, 2), dir);
    expect(ran).toEqual(["heatmap"]);
    expect(cached).toEqual(["similarity"]);
  });
  it("re-runs exactly what depends on a change", async () => {
    const dir = await temporaryFolder();
    const before = chain();
    await runDocument(before, dir);
    const after = structuredClone(before);
    (after.nodes.projector as { params: object }).params = { scope: "p", width: 12 };
    const { ran, cached } = await runDocument(after, dir);
    expect(ran.toSorted()).toEqual(["heatmap", "norm", "projector", "similarity"]);
    expect(cached).toEqual(["vision"]);
  });
  it("computes only what the targets need", async () => {
    expect((await runDocument(chain(), await temporaryFolder(), { targets: ["normalize"] })).ran).toEqual([
      "data",
      "resize",
      "normalize",
    ]);
  });
  it("gives the same numbers in chunks of rows as at once", async () => {
    const dir = await temporaryFolder();
    const many = await runDocument(chain(150), dir, { targets: ["norm"] });
    const few = await runDocument(chain(10), dir, { targets: ["norm"] });
    const read = async (r: typeof many) =>
      new Float32Array(
        (await openBlobs(join(dir, "blobs")).get((r.outputs.norm?.embedding?.value as { ref: string }).ref)).slice()
          .buffer,
      );
    const [a, b] = [await read(many), await read(few)];
    expect(a.length).toBe(150 * 8);
    for (const [i, x] of b.entries()) expect(x).toBeCloseTo(a[i] as number, 5);
  });
  it("runs again when a stored result was deleted, and ignores a damaged cache", async () => {
    const dir = await temporaryFolder();
    await runDocument(chain(), dir);
    await rm(join(dir, "blobs"), { recursive: true });
    const { status, ran } = await runDocument(chain(), dir);
    expect([status, ran.length > 3]).toEqual(["done", true]);
    const results = join(dir, "cache/results");
    for (const sub of await readdir(results))
      for (const file of await readdir(join(results, sub))) await writeFile(join(results, sub, file), "{broken");
    expect((await runDocument(chain(), dir)).ran).toHaveLength(8);
  });
  it("makes again what the cache gives up while a run goes on", async () => {
    const dir = await temporaryFolder();
    const blobs = openBlobs(join(dir, "blobs"));
    const before = await runDocument(chain(), dir, { targets: ["norm"] });
    const { ref } = before.outputs.norm?.embedding?.value as { ref: string };
    let given = 0;
    const again = await runDocument(chain(), dir, {
      onEvent: (event) => {
        if (event.kind === "plan" && given++ === 0) rmSync(blobs.path(ref));
      },
    });
    expect([again.status, again.error, given]).toEqual(["done", undefined, 2]);
    expect(again.ran).toContain("norm");
    expect(await blobs.has(ref)).toBe(true);
  });
  it("tells warnings again with what comes from the cache, and reads entries that have none", async () => {
    const dir = await temporaryFolder();
    const warningsOf = ({ events, warnings }: Awaited<ReturnType<typeof runDocument>>) => {
      const told = events.flatMap((event) => (event.kind === "warning" ? [[event.node, event.message]] : []));
      expect(warnings.map(({ node, message }) => [node, message])).toEqual(told);
      return told;
    };
    const odd = warning();
    const first = await runDocument(odd.document, dir, { registry: odd.registry });
    const again = await runDocument(odd.document, dir, { registry: odd.registry });
    expect([first.ran.length, again.ran.length]).toEqual([2, 0]);
    expect(warningsOf(first)).toEqual([["odd", "Two rows are odd."]]);
    expect(warningsOf(again)).toEqual(warningsOf(first));
    const results = join(dir, "cache/results");
    for (const sub of await readdir(results))
      for (const name of await readdir(join(results, sub))) {
        const path = join(results, sub, name);
        const { warnings: _, ...old } = JSON.parse(await readFile(path, "utf8"));
        await writeFile(path, JSON.stringify(old));
      }
    const older = await runDocument(odd.document, dir, { registry: odd.registry });
    expect([older.ran, warningsOf(older)]).toEqual([[], []]);
  });
  it("refuses a result that is too large before it is computed: rows, shape, element type, bytes, remedy", async () => {
    vi.stubEnv("PATCHBAY_MEMORY", "140K");
    const { status, error, ran } = await runDocument(chain(250), await temporaryFolder(), { targets: ["similarity"] });
    vi.unstubAllEnvs();
    expect([status, ran]).toEqual(["failed", expect.not.arrayContaining(["similarity"])]);
    expect(error).toMatchObject({
      node: "similarity",
      port: "logits",
      message:
        "Contrastive scorer would give 250 × 250 float32 numbers, 244.1 KiB, as “logits”; runs may hold 140.0 KiB.",
      hint: expect.stringContaining("every tenth row"),
    });
  });
  it("says what a node read, and keeps what the runtime said in the details", async () => {
    const { document, registry } = warning();
    const broken = defineNode({
      type: "test.after",
      title: "After",
      description: "Fails.",
      version: 1,
      params: {},
      inputs: { text: port.text({ shape: ["N"] }) },
      outputs: { text: port.text({ shape: ["N"] }) },
      run: async ({ inputs }) => ({ text: [(inputs.text as unknown as { x: { y: string } }).x.y] }),
    });
    const { error } = await runDocument(document, await temporaryFolder(), {
      registry: { ...registry, "test.after": broken },
    });
    expect(error).toMatchObject({
      node: "after",
      message: "After failed in a way that was not foreseen. It read odd.text: 3 texts.",
      details: { "odd.text": "odd.text: 3 texts", reason: "Cannot read properties of undefined (reading 'y')" },
    });
    expect(error?.hint).toContain("export the graph");
  });
  it("stops when it is cancelled, before the next node", async () => {
    const controller = new AbortController();
    const result = await runDocument(chain(), await temporaryFolder(), {
      signal: controller.signal,
      onEvent: (e) => e.kind === "node-done" && controller.abort(),
    });
    expect(result.status).toBe("cancelled");
    expect(result.ran).toEqual(["data"]);
  });
  it("says what failed, where and what to do, and what was not reached", async () => {
    const dir = await temporaryFolder();
    const broken = graph(
      { load: ["weights.load", { source: "upload", file: { ref: "f".repeat(64) } }], save: ["weights.save"] },
      ["load.weights -> save.weights"],
    );
    const { status, error, events } = await runDocument(broken, dir);
    expect(status).toBe("failed");
    expect(error).toMatchObject({
      node: "load",
      message: `The stored file ${"f".repeat(12)}… is missing from the blob store.`,
    });
    expect(
      events.filter((e) => e.kind === "node-failed" || e.kind === "node-skipped").map((e) => [e.kind, e.node]),
    ).toEqual([
      ["node-failed", "load"],
      ["node-skipped", "save"],
    ]);
  });
  it("does not start with an error in what it needs, but runs parts that are sound", async () => {
    const dir = await temporaryFolder();
    const document = graph({ text: ["text.input", { text: "a" }], grid: ["output.image-grid"] });
    expect((await runDocument(document, dir)).error).toMatchObject({
      node: "grid",
      port: "image",
      message: 'Image grid needs its input "image" (image), and nothing is connected to it.',
    });
    expect((await runDocument(document, dir, { targets: ["text"] })).status).toBe("done");
  });
  it("explains a full disk and loses nothing", async () => {
    const dir = await temporaryFolder();
    const blobs = openBlobs(join(dir, "blobs"));
    const full = {
      ...blobs,
      put: () => Promise.reject(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" })),
    };
    const { error, status } = await runDocument(chain(), dir, { blobs: full });
    expect([status, error?.message]).toEqual([
      "failed",
      "The disk is full, so the result could not be stored. Nothing that was stored before is lost.",
    ]);
  });
});

describe("a training", () => {
  const weightsOf = async (dir: string, result: Awaited<ReturnType<typeof runDocument>>) =>
    Buffer.from(
      await openBlobs(join(dir, "blobs")).get((result.outputs.trainer?.weights?.value as { ref: string }).ref),
    ).toString("base64");
  const losses = (result: Awaited<ReturnType<typeof runDocument>>) =>
    (result.outputs.trainer?.curve?.value as { lines: { name: string; values: number[] }[] }).lines.find(
      (l) => l.name === "loss",
    )?.values as number[];

  it("brings the loss down, starts near ln B, and keeps the logit scale in its bounds", async () => {
    const dir = await temporaryFolder();
    const result = await runDocument(tinyClip({ steps: 400, lr: 0.001 }), dir);
    const curve = losses(result);
    expect(result.error).toBeUndefined();
    const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(curve.slice(-10))).toBeLessThan(mean(curve.slice(0, 10)) * 0.75);
    const { tensors } = readSafetensors(Buffer.from(await weightsOf(dir, result), "base64"));
    expect([...tensors.keys()].filter((n) => !/^(vision|text|ip|tp|scorer)\./.test(n))).toEqual([]);
    expect(result.events.filter((e) => e.kind === "metric").map((e) => e.step)).toEqual(
      Array.from({ length: 400 }, (_, i) => i + 1),
    );
    expect(await readdir(join(dir, "scratch")).catch(() => [])).toEqual([]);
  });

  it("goes on after a stop at any step with the very numbers of an unbroken run", async () => {
    const whole = await temporaryFolder();
    const unbroken = await runDocument(tinyClip(), whole);
    for (const stopAt of [3, 4, 10]) {
      const dir = await temporaryFolder();
      const controller = new AbortController();
      const stopped = await runDocument(tinyClip(), dir, {
        signal: controller.signal,
        onEvent: (e) => e.kind === "metric" && e.step === stopAt && controller.abort(),
      });
      expect(stopped.status).toBe("cancelled");
      const resumed = await runDocument(tinyClip(), dir);
      expect(resumed.events.filter((e) => e.kind === "resumed").map((e) => e.step)).toEqual(
        stopAt < 4 ? [] : [Math.floor(stopAt / 4) * 4],
      );
      expect(losses(resumed)).toEqual(losses(unbroken));
      expect(await weightsOf(dir, resumed)).toBe(await weightsOf(whole, unbroken));
    }
  });

  it("that another run does already is waited for, not done twice", async () => {
    const dir = await temporaryFolder();
    const [a, b] = await Promise.all([runDocument(tinyClip(), dir), runDocument(tinyClip(), dir)]);
    const [first, second] = a.ran.includes("trainer") ? [a, b] : [b, a];
    expect([first.error, second.error, second.ran.includes("trainer"), second.cached.includes("trainer")]).toEqual([
      undefined,
      undefined,
      false,
      true,
    ]);
    expect(second.events.some((e) => e.kind === "warning" && e.message.startsWith("Another run trains the same"))).toBe(
      true,
    );
    expect(second.outputs.trainer).toEqual(first.outputs.trainer);
    expect(await readdir(join(dir, "scratch"))).toEqual([]);
  });
  it("does not use a damaged checkpoint, and says so", async () => {
    const dir = await temporaryFolder();
    const controller = new AbortController();
    await runDocument(tinyClip(), dir, {
      signal: controller.signal,
      onEvent: (e) => e.kind === "metric" && e.step === 6 && controller.abort(),
    });
    const [folder = ""] = await readdir(join(dir, "scratch"));
    const path = join(dir, "scratch", folder);
    const file = (await readdir(path)).find((f) => f.endsWith(".safetensors")) as string;
    const bytes = await readFile(join(path, file));
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    await writeFile(join(path, file), bytes);
    const result = await runDocument(tinyClip(), dir);
    expect(result.status).toBe("done");
    expect(result.events.find((e) => e.kind === "warning" && e.node === "trainer")).toMatchObject({
      message: expect.stringContaining("does not have the checksum that was written"),
    });
  });

  it("trains nothing that is frozen", async () => {
    const dir = await temporaryFolder();
    const first = await runDocument(tinyClip(), dir);
    const { ref } = first.outputs.trainer?.weights?.value as { ref: string };
    const document = tinyClip({ seed: 5 });
    Object.assign(
      document.nodes,
      graph({ load: ["weights.load", { source: "upload", file: { ref } }], freeze: ["weights.freeze"] }).nodes,
    );
    for (const [from, to] of [
      ["load.weights", "freeze.weights"],
      ["freeze.weights", "vision.weights"],
    ] as const) {
      const [a = "", b = ""] = from.split(".");
      const [c = "", d = ""] = to.split(".");
      document.wires.push({ from: { node: a, port: b }, to: { node: c, port: d } });
    }
    const second = await runDocument(document, dir);
    expect(second.error).toBeUndefined();
    const [a, b] = [first, second].map((r) => weightsOf(dir, r));
    const [before, after] = [
      readSafetensors(Buffer.from(await (a as Promise<string>), "base64")).tensors,
      readSafetensors(Buffer.from(await (b as Promise<string>), "base64")).tensors,
    ];
    const same = (name: string) =>
      Buffer.compare(
        Buffer.from(before.get(name)?.data as Uint8Array),
        Buffer.from(after.get(name)?.data as Uint8Array),
      ) === 0;
    expect(same("vision.conv1.weight")).toBe(true);
    expect(same("text.token_embedding")).toBe(false);
  });

  it.each([
    [{ batch: 40 }, "A batch of 40 rows of different names cannot be drawn from 24 names."],
    [
      { lr: 10, weightDecay: 10, clipNorm: 0, steps: 40, warmup: 0 },
      /Training stopped at step \d+: the (loss|gradient) is no longer a finite number/,
    ],
  ])("explains %o", async (params, message) => {
    const { error } = await runDocument(tinyClip(params), await temporaryFolder());
    expect(error?.node).toBe("trainer");
    expect(error?.message).toMatch(message);
    expect(error?.hint).toBeTruthy();
  });
});
