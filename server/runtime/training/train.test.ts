import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readSafetensors, toFloat32, writeSafetensors } from "#models/files/safetensors";
import type { GraphDocument } from "#nodes/graph/document";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument, tinyClip } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";

afterEach(() => void vi.unstubAllEnvs());

const tower = { patch: 8, width: 32, layers: 1, heads: 2 };
const data = { vendors: ["openmoji", "fluent"], limit: 48 };

/** A linear head with cross-entropy over the data: `labels` gives the text that names each row's class. */
const classifier = (trainer: Record<string, unknown>, head: Record<string, unknown> = {}): GraphDocument =>
  graph(
    {
      data: ["data.emoji", data],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", { scope: "vision", ...tower }],
      head: ["model.projector", { scope: "head", width: 64, ...head }],
      labels: ["text.label-ids"],
      loss: ["loss.cross-entropy"],
      trainer: ["train.trainer", { steps: 2, batch: 4, warmup: 0, lr: 0.01, checkpoint: 100, ...trainer }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> head.features",
      "head.embedding -> loss.logits",
      "data.name -> labels.text",
      "labels.ids -> loss.labels",
      "loss.loss -> trainer.loss",
    ],
  );

describe("what cannot be learned from", () => {
  it("is a label beyond the head, told before the first step", async () => {
    const { error, events } = await runDocument(classifier({}, { width: 5 }), await temporaryFolder());
    expect(error).toMatchObject({
      node: "loss",
      message: expect.stringMatching(/^Label \d+ is no class: the head gives 5\. It is in row \d+ of Label ids\.$/),
      hint: expect.stringMatching(/^Give the head \d+ outputs or more/),
    });
    expect(events.some((event) => event.kind === "metric")).toBe(false);
    expect((await runDocument(classifier({}), await temporaryFolder())).error).toBeUndefined();
  });
  it("is a head of one class, or a contrastive batch of one row", async () => {
    expect((await runDocument(classifier({}, { width: 1 }), await temporaryFolder())).error).toMatchObject({
      node: "loss",
      message: "Cross-entropy loss chooses among 1 class, so that the loss is 0 whatever the model gives.",
    });
    for (const trainer of [{ batch: 1 }, { batch: 1, accumulate: 4 }]) {
      const { error, events } = await runDocument(pair(trainer), await temporaryFolder());
      expect(error).toMatchObject({
        node: "loss",
        message: "InfoNCE loss compares the rows of a batch with each other, and there is 1 row: the loss is always 0.",
        hint: expect.stringContaining("2 rows or more"),
      });
      expect(events.some((event) => event.kind === "metric")).toBe(false);
    }
  });
  it("is told of a loss that is looked at with one row, too", async () => {
    const document = pair({});
    Object.assign(document.nodes.data?.params as object, { vendors: ["openmoji"], limit: 1 });
    const { trainer: _, ...nodes } = document.nodes;
    const wires = document.wires.filter((wire) => wire.to.node !== "trainer");
    const { error, events } = await runDocument({ ...document, nodes, wires }, await temporaryFolder());
    expect(error).toBeUndefined();
    const ofLoss = events.flatMap((event) => (event.kind === "warning" && event.node === "loss" ? event.message : []));
    expect(ofLoss).toEqual([expect.stringContaining("there is 1 row: the loss is always 0.")]);
  });
  it("are weights with NaN, told by name before the first step", async () => {
    const dir = await temporaryFolder();
    const first = await runDocument(classifier({ steps: 1 }), dir);
    const blobs = openBlobs(join(dir, "blobs"));
    const { ref } = first.outputs.trainer?.weights?.value as { ref: string };
    const { tensors } = readSafetensors(await blobs.get(ref));
    const list = [...tensors].map(([name, tensor]) => ({
      name,
      shape: tensor.shape,
      data: toFloat32(tensor)
        .slice()
        .fill(Number.NaN, 0, name === "head.proj.weight" ? 2 : 0),
    }));
    const broken = await blobs.put(writeSafetensors(list));
    const document = classifier({ steps: 1 });
    document.nodes.load = { type: "weights.load", params: { source: "upload", file: { ref: broken } } } as never;
    for (const node of ["vision", "head"]) {
      document.wires.push({ from: { node: "load", port: "weights" }, to: { node, port: "weights" } });
    }
    const { error, events } = await runDocument(document, dir);
    expect(error).toMatchObject({
      node: "load",
      message: expect.stringMatching(/2 of 2048 numbers of “head\.proj\.weight” are NaN or infinite/),
    });
    expect(events).toContainEqual({
      kind: "warning",
      node: "load",
      message: expect.stringContaining("“head.proj.weight” (2 of 2048)"),
    });
  });
});

/** Two towers of one handle and a contrastive loss, without anything random: `weights` says what each tower reads. */
function pair(
  trainer: Record<string, unknown>,
  weights: Parameters<typeof graph>[0] = {},
  wires: string[] = [],
): GraphDocument {
  return graph(
    {
      data: ["data.emoji", data],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      tokenize: ["text.tokenize", { length: 8 }],
      vision: ["model.vision-transformer", { scope: "vision", ...tower }],
      text: ["model.text-transformer", { scope: "text", vocabulary: 560, width: 32, layers: 1, heads: 2 }],
      image_projector: ["model.projector", { scope: "ip", width: 16 }],
      text_projector: ["model.projector", { scope: "tp", width: 16 }],
      image_norm: ["model.l2-normalize"],
      text_norm: ["model.l2-normalize"],
      scorer: ["model.contrastive-scorer"],
      loss: ["loss.info-nce"],
      trainer: [
        "train.trainer",
        {
          steps: 4,
          batch: 8,
          warmup: 0,
          lr: 0.01,
          checkpoint: 100,
          clipNorm: 0,
          weightDecay: 0,
          schedule: "constant",
          ...trainer,
        },
      ],
      ...weights,
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "data.name -> tokenizer.text",
      "data.name -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> text.ids",
      "vision.features -> image_projector.features",
      "text.features -> text_projector.features",
      "image_projector.embedding -> image_norm.embedding",
      "text_projector.embedding -> text_norm.embedding",
      "image_norm.embedding -> scorer.images",
      "text_norm.embedding -> scorer.texts",
      "scorer.logits -> loss.logits",
      "loss.loss -> trainer.loss",
      "data.name -> trainer.distinct",
      ...wires,
    ],
  );
}

type Run = Awaited<ReturnType<typeof runDocument>>;
async function trained(
  document: GraphDocument,
  options: Parameters<typeof runDocument>[2] = {},
  dir?: string,
): Promise<{ result: Run; weights: Map<string, Float32Array>; dir: string }> {
  const folder = dir ?? (await temporaryFolder());
  const result = await runDocument(document, folder, options);
  expect(result.error).toBeUndefined();
  return { result, weights: await weightsOf(folder, result, "weights"), dir: folder };
}
async function weightsOf(dir: string, result: Run, port: string): Promise<Map<string, Float32Array>> {
  const { ref } = result.outputs.trainer?.[port]?.value as { ref: string };
  return new Map(
    [...readSafetensors(await openBlobs(join(dir, "blobs")).get(ref)).tensors].map(([name, t]) => [name, toFloat32(t)]),
  );
}
const line = (result: Run, name: string): number[] =>
  (result.outputs.trainer?.curve?.value as { lines: { name: string; values: number[] }[] }).lines.find(
    (l) => l.name === name,
  )?.values ?? [];
/** The largest difference of two tensors, as a share of the largest number in them. */
function gap(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number {
  expect([...a.keys()].sort()).toEqual([...b.keys()].sort());
  let worst = 0;
  let largest = 1e-12;
  for (const [name, x] of a)
    for (const [i, v] of x.entries()) {
      worst = Math.max(worst, Math.abs(v - (b.get(name)?.[i] as number)));
      largest = Math.max(largest, Math.abs(v));
    }
  return worst / largest;
}
const changed = (a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): string[] =>
  [...a]
    .filter(([name, x]) => x.some((v, i) => v !== b.get(name)?.[i]))
    .map(([name]) => name)
    .sort();

const sgd = { optimizer: "sgd", momentum: 0 };

describe("a batch in chunks", () => {
  it("has the loss and the gradients of the whole batch, whatever the chunk", async () => {
    const whole = await trained(pair({ ...sgd, steps: 2, batch: 16 }));
    const before = await trained(pair({ ...sgd, steps: 1, batch: 16, lr: 0 }));
    expect(changed(whole.weights, before.weights).length).toBeGreaterThan(20);
    for (const chunk of [2, 8]) {
      const chunked = await trained(pair({ ...sgd, steps: 2, batch: 16, chunk }));
      for (const name of ["loss", "grad_norm"])
        for (const [i, v] of line(chunked.result, name).entries())
          expect(Math.abs(v / (line(whole.result, name)[i] as number) - 1)).toBeLessThan(1e-5);
      expect(gap(chunked.weights, whole.weights)).toBeLessThan(1e-5);
    }
  });
  it("that does not divide into the chunks is refused", async () => {
    const result = await runDocument(pair({ batch: 16, chunk: 5 }), await temporaryFolder());
    expect(result.error).toMatchObject({
      node: "trainer",
      param: "chunk",
      message: "A batch of 16 rows cannot be cut into chunks of 5.",
    });
  });
});

it("Computing results again in the backward pass changes no number", async () => {
  const [kept, again] = [
    await trained(pair({ ...sgd, steps: 2 })),
    await trained(pair({ ...sgd, steps: 2, recompute: "vision, text*" })),
  ];
  expect(gap(again.weights, kept.weights)).toBeLessThan(1e-6);
});

describe("a frozen part behind the data", () => {
  const frozen = (trainer: Record<string, unknown>) =>
    pair(
      { steps: 12, ...trainer },
      { fresh: ["weights.make", { seed: 3 }], freeze: ["weights.freeze", { names: "vision.*" }] },
      ["fresh.weights -> freeze.weights", "freeze.weights -> vision.weights"],
    );
  it("runs once for each row, with the same numbers as in every step", async () => {
    // Not with Adam, which makes whole steps of the rounding that is all a key's bias has for a gradient.
    const on = await trained(frozen(sgd));
    const off = await trained(frozen({ ...sgd, hoist: "off" }));
    expect(on.result.events.filter((e) => e.kind === "hoisted")).toMatchObject([{ nodes: ["vision"], rows: 48 }]);
    expect(off.result.events.some((e) => e.kind === "hoisted")).toBe(false);
    expect(gap(on.weights, off.weights)).toBeLessThan(1e-5);
    // Another learning rate finds the rows that were kept.
    const again = await trained(frozen({ ...sgd, lr: 0.02 }), {}, on.dir);
    expect(again.result.events.some((e) => e.kind === "node-progress" && e.note?.includes("frozen part"))).toBe(false);
    expect(again.result.events.some((e) => e.kind === "hoisted")).toBe(true);
  });
  it("may be kept in half precision", async () => {
    const half = await trained(frozen({ hoist: "float16", lr: 0.001 }));
    const full = await trained(frozen({ lr: 0.001 }));
    const bytes = (r: Run) => r.events.flatMap((e) => (e.kind === "hoisted" ? [e.bytes] : []))[0];
    expect(bytes(half.result)).toBe((bytes(full.result) as number) / 2);
    expect(gap(half.weights, full.weights)).toBeLessThan(1e-2);
  });
  it("that follows a random node stays in the step", async () => {
    const document = frozen({});
    document.nodes.augment = { type: "image.augment", version: 1, params: {}, position: { x: 0, y: 0 } };
    document.wires = document.wires.map((w) =>
      w.from.node === "resize" ? { ...w, to: { node: "augment", port: "image" } } : w,
    );
    document.wires.push({ from: { node: "augment", port: "image" }, to: { node: "normalize", port: "image" } });
    expect((await trained(document)).result.events.some((e) => e.kind === "hoisted")).toBe(false);
  });
  it("of whose rows fewer than half are drawn stays in the step", async () => {
    const few = { batch: 8, steps: 2 };
    const [off, on] = [await trained(frozen({ ...few, hoist: "off" })), await trained(frozen(few))];
    expect(on.result.events.some((event) => event.kind === "hoisted")).toBe(false);
    expect(gap(on.weights, off.weights)).toBe(0);
    const more = await trained(frozen({ ...few, steps: 3 }));
    expect(more.result.events.some((event) => event.kind === "hoisted")).toBe(true);
  });
  it("that would take too much of the disk stays in the step, which is told", async () => {
    const off = await trained(frozen({ hoist: "off" }));
    vi.stubEnv("PATCHBAY_DISK", "4K");
    const { result, weights } = await trained(frozen({}));
    expect(result.events.some((event) => event.kind === "hoisted")).toBe(false);
    const warnings = result.events.filter((event) => event.kind === "warning" && event.node === "trainer");
    expect(warnings.map((event) => "message" in event && event.message)).toEqual([
      "What the frozen part gives for 48 rows takes 6.0 KiB, and 2.0 KiB may be kept: it is computed in every step. " +
        "Give it more with PATCHBAY_DISK.",
    ]);
    expect(gap(weights, off.weights)).toBe(0);
  });
});

it("A training that cannot fit is refused before its first step: what it would hold, and the limit", async () => {
  vi.stubEnv("PATCHBAY_MEMORY", "300K");
  const { error, events } = await runDocument(pair({}), await temporaryFolder());
  expect(error).toMatchObject({
    node: "trainer",
    message: expect.stringMatching(
      /^Trainer would hold [\d.]+ KiB and more: [\d.]+ KiB of parameters, .*; runs may hold 300\.0 KiB\.$/,
    ),
  });
  expect(events.some((event) => event.kind === "metric")).toBe(false);
});

it("A frozen tower counts among what a training would hold, and is told before anything is computed", async () => {
  const nodes = { fresh: ["weights.make", { seed: 3 }], freeze: ["weights.freeze", { names: "vision.*" }] } as const;
  const wires = ["fresh.weights -> freeze.weights", "freeze.weights -> vision.weights"];
  const frozen = (trainer: object) => pair({ steps: 24, batch: 8, ...trainer }, nodes as never, wires);
  const dir = await temporaryFolder();
  vi.stubEnv("PATCHBAY_MEMORY", "150K");
  const { error, ran } = await runDocument(frozen({}), dir);
  expect(error).toMatchObject({
    node: "trainer",
    lack: "memory",
    message: expect.stringMatching(
      /^Trainer would hold .* of parameters, frozen ones too \(.*Vision transformer “vision” [\d.]+ KiB.*\)/,
    ),
  });
  expect(ran).toEqual([]);
  vi.stubEnv("PATCHBAY_MEMORY", "1G");
  const notes = async (trainer: object) => {
    const { events } = await runDocument(frozen(trainer), await temporaryFolder());
    return events.flatMap((event) =>
      event.kind === "node-progress" && /^holds/.test(event.note ?? "") ? event.note : [],
    );
  };
  // Whether the tower runs once or in each step, its 76 KiB are there; the rows that are held differ a little.
  const [once, inSteps] = [await notes({}), await notes({ hoist: "off" })];
  expect(once).toHaveLength(1);
  expect(Math.abs(kibibytes(once[0]) - kibibytes(inSteps[0]))).toBeLessThan(30);
});

const kibibytes = (note = ""): number => Number(/holds ([\d.]+) KiB/.exec(note)?.[1]);

describe("weights handles", () => {
  const fresh: Parameters<typeof graph>[0] = { fresh: ["weights.make", { seed: 3 }] };
  it("train only low-rank adapters, which then fold into the matrices", async () => {
    const lora: [string, Record<string, unknown>] = [
      "weights.lora",
      { rank: 2, alpha: 4, targets: "vision.*qkv.weight" },
    ];
    const adapted = pair(
      { steps: 3 },
      {
        ...fresh,
        lora,
        merge: ["weights.merge"],
        again: ["model.vision-transformer", { scope: "vision", ...tower }],
        plain: ["model.vision-transformer", { scope: "vision", ...tower }],
      },
      [
        "fresh.weights -> lora.weights",
        "lora.weights -> vision.weights",
        "trainer.weights -> merge.weights",
        "trainer.weights -> again.weights",
        "merge.weights -> plain.weights",
        "normalize.pixels -> again.pixels",
        "normalize.pixels -> plain.pixels",
      ],
    );
    const { result, weights, dir } = await trained(adapted);
    const start = (
      await trained(
        pair({ steps: 1, lr: 0 }, { ...fresh, lora }, [
          "fresh.weights -> lora.weights",
          "lora.weights -> vision.weights",
        ]),
      )
    ).weights;
    expect(changed(weights, start).filter((n) => n.startsWith("vision."))).toEqual([
      "vision.blocks.0.attn.qkv.weight.lora_A",
      "vision.blocks.0.attn.qkv.weight.lora_B",
    ]);
    expect(weights.get("vision.blocks.0.attn.qkv.weight.lora_A")).toHaveLength(32 * 2);
    const features = async (node: string) =>
      new Float32Array(
        (
          await openBlobs(join(dir, "blobs")).get((result.outputs[node]?.features?.value as { ref: string }).ref)
        ).slice().buffer,
      );
    const [again, plain] = [await features("again"), await features("plain")];
    for (const [i, v] of again.entries()) expect(v).toBeCloseTo(plain[i] as number, 4);
  });

  /** A second pair of towers reads the averaged handle; it adds to the loss, and takes no gradient. */
  const withTeacher = (trainer: Record<string, unknown>, average: Record<string, unknown>) =>
    pair(
      trainer,
      {
        ...fresh,
        average: ["weights.average", average],
        teacher: ["model.vision-transformer", { scope: "vision", ...tower }],
        distance: ["model.contrastive-scorer", { scope: "other" }],
        teacher_projector: ["model.projector", { scope: "ip", width: 16 }],
        teacher_norm: ["model.l2-normalize"],
        teacher_loss: ["loss.info-nce"],
      },
      [
        "fresh.weights -> vision.weights",
        "fresh.weights -> image_projector.weights",
        "fresh.weights -> average.weights",
        "average.weights -> teacher.weights",
        "average.weights -> teacher_projector.weights",
        "normalize.pixels -> teacher.pixels",
        "teacher.features -> teacher_projector.features",
        "teacher_projector.embedding -> teacher_norm.embedding",
        "image_norm.embedding -> distance.images",
        "teacher_norm.embedding -> distance.texts",
        "distance.logits -> teacher_loss.logits",
        "teacher_loss.loss -> trainer.loss",
      ],
    );

  it("give a teacher that follows its student as θ' ← mθ' + (1 − m)θ", async () => {
    const momentum = 0.9;
    const document = (steps: number) => withTeacher({ ...sgd, steps }, { momentum });
    const name = "vision.conv1.weight";
    const runs = [];
    for (const steps of [1, 2]) {
      const { result, weights, dir } = await trained(document(steps));
      runs.push({
        student: weights.get(name) as Float32Array,
        teacher: (await weightsOf(dir, result, "average")).get(name) as Float32Array,
      });
    }
    const start = (await trained(pair({ steps: 1, lr: 0 }, fresh, ["fresh.weights -> vision.weights"]))).weights.get(
      name,
    ) as Float32Array;
    const [one, two] = runs as [(typeof runs)[0], (typeof runs)[0]];
    for (const [i, s] of start.entries()) {
      expect(one.teacher[i]).toBeCloseTo(momentum * s + (1 - momentum) * (one.student[i] as number), 6);
      expect(two.teacher[i]).toBeCloseTo(
        momentum * (one.teacher[i] as number) + (1 - momentum) * (two.student[i] as number),
        6,
      );
    }
    expect(one.student.some((v, i) => Math.abs(v - (start[i] as number)) > 1e-4)).toBe(true);
  });

  it("give a teacher that has moved before the step, under a name of its own, and goes on after a kill", async () => {
    const momentum = 0.9;
    const teacher = { momentum, follows: "before the step", suffix: "_m" };
    const document = (steps: number) => withTeacher({ ...sgd, steps, checkpoint: 2 }, teacher);
    const [one, two, whole] = await Promise.all(
      [1, 2, 6].map(async (steps) => (await trained(document(steps))).weights),
    );
    const tensorOf = (weights: typeof one, name: string) => weights?.get(name) as Float32Array;
    const still = await trained(withTeacher({ ...sgd, steps: 1, lr: 0 }, teacher));
    const start = tensorOf(still.weights, "vision.conv1.weight");
    // In the first step the student has not moved yet, and the teacher is what it was.
    for (const [i, n] of tensorOf(one, "vision_m.conv1.weight").entries()) expect(n).toBeCloseTo(start[i] as number, 6);
    for (const [i, s] of start.entries()) {
      const student = tensorOf(one, "vision.conv1.weight")[i] as number;
      expect(tensorOf(two, "vision_m.conv1.weight")[i]).toBeCloseTo(momentum * s + (1 - momentum) * student, 6);
    }
    const dir = await temporaryFolder();
    const controller = new AbortController();
    await runDocument(document(6), dir, {
      signal: controller.signal,
      onEvent: (e) => e.kind === "metric" && e.step === 4 && controller.abort(),
    });
    expect(gap((await trained(document(6), {}, dir)).weights, whole as NonNullable<typeof whole>)).toBe(0);
  });

  it("tie one parameter to another, which then is one tensor", async () => {
    const tied = await trained(
      pair(
        { steps: 2 },
        { ...fresh, tie: ["weights.tie", { name: "tp.proj.weight", to: "ip.proj.weight", transposed: false }] },
        [
          "fresh.weights -> tie.weights",
          "tie.weights -> text_projector.weights",
          "fresh.weights -> image_projector.weights",
        ],
      ),
    );
    expect(tied.weights.has("ip.proj.weight")).toBe(true);
    expect(tied.weights.has("tp.proj.weight")).toBe(false);
  });

  it("average over the whole training when the trainer is asked to", async () => {
    const { result, weights, dir } = await trained(pair({ ...sgd, steps: 1, average: 0.75 }));
    const start = (await trained(pair({ steps: 1, lr: 0 }))).weights;
    const average = await weightsOf(dir, result, "average");
    for (const [name, w] of weights)
      for (const [i, v] of w.entries())
        expect(average.get(name)?.[i]).toBeCloseTo(0.75 * (start.get(name)?.[i] as number) + 0.25 * v, 5);
  });
});

describe("stages", () => {
  const stages = [
    { name: "align", steps: 3, trains: "ip.*, tp.*" },
    { name: "all", steps: 4, trains: "vision.*=0.5, ip.*, tp.*", lr: 0.002 },
  ];
  it("train what they name, one after the other, and go on in the middle of any of them", async () => {
    const whole = await trained(pair({ stages, checkpoint: 2 }));
    const first = await trained(pair({ stages: [stages[0]] }));
    const start = await trained(pair({ steps: 1, lr: 0 }));
    expect(changed(first.weights, start.weights)).toEqual(["ip.proj.weight", "tp.proj.weight"]);
    expect(changed(whole.weights, first.weights).every((n) => /^(ip|tp|vision)\./.test(n))).toBe(true);
    expect(changed(whole.weights, first.weights)).toContain("vision.conv1.weight");
    expect(line(whole.result, "lr")).toEqual([0.01, 0.01, 0.01, 0.002, 0.002, 0.002, 0.002]);
    // The tower that is frozen in the first stage alone runs once for each row there, and in every step of the second.
    const hoisted = whole.result.events.flatMap((e) => (e.kind === "hoisted" ? [e.nodes] : []));
    expect(hoisted.map((nodes) => [nodes.includes("vision"), nodes.includes("text")])).toEqual([
      [true, true],
      [false, true],
    ]);
    expect(whole.result.number("trainer", "memory") * 2 ** 30).toBeGreaterThan(process.memoryUsage.rss() / 4);
    const notes = whole.result.events.flatMap((e) => (e.kind === "node-progress" && e.note ? [e.note] : []));
    expect(notes).toContainEqual(expect.stringMatching(/^holds [\d.]+ [KMG]iB, and what/));
    expect(notes).toContainEqual(expect.stringMatching(/^align · loss .* · [\d.]+ [MG]iB at most$/));
    for (const stopAt of [2, 3, 5]) {
      const dir = await temporaryFolder();
      const controller = new AbortController();
      await runDocument(pair({ stages, checkpoint: 2 }), dir, {
        signal: controller.signal,
        onEvent: (e) => e.kind === "metric" && e.step === stopAt && controller.abort(),
      });
      const resumed = await trained(pair({ stages, checkpoint: 2 }), {}, dir);
      expect(resumed.result.events.some((e) => e.kind === "resumed")).toBe(true);
      expect(line(resumed.result, "loss")).toEqual(line(whole.result, "loss"));
      expect(gap(resumed.weights, whole.weights)).toBe(0);
    }
  });
  it("begin with moments of their own: the first update has the learning rate as its size", async () => {
    const adam = { optimizer: "adam", weightDecay: 0, clip: 0, schedule: "constant", warmup: 0 };
    const table = [
      { name: "one", steps: 3, trains: "*" },
      { name: "two", steps: 1, trains: "*" },
    ];
    const before = await trained(pair({ ...adam, stages: table.slice(0, 1) }));
    const after = await trained(pair({ ...adam, stages: table }));
    for (const name of ["ip.proj.weight", "tp.proj.weight"]) {
      const old = before.weights.get(name) as Float32Array;
      const steps = (after.weights.get(name) as Float32Array).map((x, i) => Math.abs(x - (old[i] as number)));
      // Moments that went on, or a count of steps that did, would give other sizes than 0.01.
      const whole = steps.filter((step) => Math.abs(step - 0.01) < 1e-4);
      expect(whole.length / steps.length, name).toBeGreaterThan(0.95);
    }
  });
  it("say what is wrong with the last one before the first one runs", async () => {
    const result = await runDocument(
      pair({ stages: [stages[0], { name: "none", steps: 2, trains: "nothing.*" }] }),
      await temporaryFolder(),
    );
    expect(result.error?.message).toBe(
      "Every parameter upstream of the loss is frozen in the stage “none”, so nothing can be trained.",
    );
    expect(result.events.some((e) => e.kind === "metric")).toBe(false);
  });
  it("have batches of their own, and epochs in place of steps", async () => {
    const table = [
      { name: "align", epochs: 1, batch: 16, trains: "ip.*, tp.*", warmup: 0.5, schedule: "linear" },
      { name: "all", epochs: 0.5, batch: 4, accumulate: 2, warmup: 0, lr: 0.002, trains: "*" },
    ];
    const document = pair({ stages: table, checkpoint: 2 });
    document.wires = document.wires.filter(({ to }) => to.port !== "distinct");
    const { result } = await trained(document);
    // 48 rows are 3 batches of 16, and 12 of 4, of which half, two by two.
    expect(line(result, "loss")).toHaveLength(3 + 3);
    // A warmup of half of 3 steps is 2 of them.
    expect(line(result, "lr")).toEqual([0.005, 0.01, 0, 0.002, 0.002, 0.002]);
  });
  it("mix rows of sources in shares, the same after a kill", async () => {
    const document = (table: object[]) =>
      pair({ stages: table, checkpoint: 3, batch: 8 }, {}, ["data.vendor -> trainer.source"]);
    const replay = [{ name: "replay", steps: 6, data: "fluent=3, open*=1" }];
    const whole = await trained(document(replay));
    const dir = await temporaryFolder();
    const controller = new AbortController();
    await runDocument(document(replay), dir, {
      signal: controller.signal,
      onEvent: (e) => e.kind === "metric" && e.step === 4 && controller.abort(),
    });
    const resumed = await trained(document(replay), {}, dir);
    expect(line(resumed.result, "loss")).toEqual(line(whole.result, "loss"));
    expect(gap(resumed.weights, whole.weights)).toBe(0);
    expect(line((await trained(document([{ name: "all", steps: 6 }]))).result, "loss")).not.toEqual(
      line(whole.result, "loss"),
    );
    const refused = async (data: string, wires: string[]) =>
      (await runDocument(pair({ stages: [{ data }] }, {}, wires), await temporaryFolder())).error?.message;
    expect(await refused("noto", ["data.vendor -> trainer.source"])).toBe(
      "No row is from “noto”, which the stage “stage 1” takes rows of.",
    );
    expect(await refused("fluent", [])).toContain("nothing says where rows are from");
  });
  it("take turns between losses with data of their own, on one state, the same after a kill", async () => {
    const both = (losses: string): GraphDocument => {
      const handle = ["vision", "text", "image_projector", "text_projector", "scorer"];
      const document = pair(
        { stages: [{ steps: 8, losses, trains: "*" }], checkpoint: 3 },
        { init: ["weights.make"] },
        handle.map((node) => `init.weights -> ${node}.weights`),
      );
      const own = { type: "data.emoji", params: { vendors: ["noto"], limit: 20 } };
      const nodes = Object.entries(document.nodes).flatMap(([id, node]) =>
        ["trainer", "tokenizer", "init"].includes(id) ? [] : [[`${id}2`, id === "data" ? own : node] as const],
      );
      const isShared = (id: string) => ["trainer", "tokenizer", "init"].includes(id);
      const second = (end: { node: string; port: string }) =>
        isShared(end.node) ? end : { ...end, node: `${end.node}2` };
      const wires = document.wires
        .filter(({ to }) => !isShared(to.node) || to.port === "loss")
        .map(({ from, to }) => ({ from: second(from), to: second(to) }));
      return {
        ...document,
        nodes: { ...document.nodes, ...Object.fromEntries(nodes) } as never,
        wires: [...document.wires.filter(({ to }) => to.port !== "distinct"), ...wires],
      };
    };
    const whole = await trained(both("loss=3, loss2=1"));
    const ofSecond = line(whole.result, "loss/loss2").filter((value) => value !== null);
    expect(line(whole.result, "loss/loss").filter((value) => value !== null)).toHaveLength(6);
    expect(ofSecond).toHaveLength(2);
    const dir = await temporaryFolder();
    const controller = new AbortController();
    await runDocument(both("loss=3, loss2=1"), dir, {
      signal: controller.signal,
      onEvent: (e) => e.kind === "metric" && e.step === 5 && controller.abort(),
    });
    const resumed = await trained(both("loss=3, loss2=1"), {}, dir);
    expect(line(resumed.result, "loss")).toEqual(line(whole.result, "loss"));
    expect(gap(resumed.weights, whole.weights)).toBe(0);
  });
  it("say which pattern fits nothing", async () => {
    const result = await runDocument(
      pair({ stages: [{ ...stages[0], trains: "visoin.*, *" }] }),
      await temporaryFolder(),
    );
    expect(result.events.flatMap((e) => (e.kind === "warning" && e.node === "trainer" ? [e.message] : []))).toEqual([
      expect.stringContaining("The pattern “visoin.*” in what a stage trains fits no parameter. There are vision."),
    ]);
  });
});

describe("measuring in the middle of a training", () => {
  /** The towers that measure read the handle that trains. */
  const measured = (trainer: Record<string, unknown>) =>
    pair(
      { evaluate: 5, ...trainer },
      {
        fresh: ["weights.make", { seed: 1 }],
        test_data: ["data.emoji", { vendors: ["noto"], limit: 24 }],
        test_resize: ["image.resize", { width: 16, height: 16 }],
        test_normalize: ["image.normalize"],
        test_tokenize: ["text.tokenize", { length: 8 }],
        test_vision: ["model.vision-transformer", { scope: "vision", ...tower }],
        test_text: ["model.text-transformer", { scope: "text", vocabulary: 560, width: 32, layers: 1, heads: 2 }],
        test_ip: ["model.projector", { scope: "ip", width: 16 }],
        test_tp: ["model.projector", { scope: "tp", width: 16 }],
        test_in: ["model.l2-normalize"],
        test_tn: ["model.l2-normalize"],
        test_scorer: ["model.contrastive-scorer"],
        accuracy: ["eval.accuracy"],
      },
      [
        ...[
          "vision",
          "text",
          "image_projector",
          "text_projector",
          "scorer",
          "test_vision",
          "test_text",
          "test_ip",
          "test_tp",
          "test_scorer",
        ].map((n) => `fresh.weights -> ${n}.weights`),
        "test_data.image -> test_resize.image",
        "test_resize.image -> test_normalize.image",
        "test_normalize.pixels -> test_vision.pixels",
        "test_data.name -> test_tokenize.text",
        "tokenizer.tokenizer -> test_tokenize.tokenizer",
        "test_tokenize.ids -> test_text.ids",
        "test_vision.features -> test_ip.features",
        "test_text.features -> test_tp.features",
        "test_ip.embedding -> test_in.embedding",
        "test_tp.embedding -> test_tn.embedding",
        "test_in.embedding -> test_scorer.images",
        "test_tn.embedding -> test_scorer.texts",
        "test_scorer.logits -> accuracy.logits",
        "test_data.name -> accuracy.labels",
        "test_data.name -> accuracy.truth",
        "accuracy.top5 -> trainer.metric",
      ],
    );
  it("gives what the trained weights reach, at every interval, and keeps the best", async () => {
    const document = measured({ steps: 40, lr: 0.001, give: "best" });
    const { result, dir } = await trained(document);
    const points = line(result, "accuracy.top5");
    expect(points.map((v, i) => (v === null ? 0 : i + 1)).filter(Boolean)).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
    // The same towers on the weights that came out reach the best of the points.
    const after = structuredClone(document);
    after.wires = after.wires
      .filter((w) => w.from.node !== "accuracy")
      .map((w) =>
        w.from.node === "fresh" && w.to.node.startsWith("test_")
          ? { ...w, from: { node: "trainer", port: "weights" } }
          : w,
      );
    after.nodes.trainer = document.nodes.trainer as (typeof document.nodes)[string];
    const best = Math.max(...points.filter((v) => v !== null));
    expect(best).toBeGreaterThan(5 / 24);
    after.wires.push({ from: { node: "checkpoint", port: "weights" }, to: { node: "unused", port: "weights" } });
    after.nodes.checkpoint = {
      type: "weights.load",
      version: 1,
      params: { source: "upload", file: { ref: (result.outputs.trainer?.weights?.value as { ref: string }).ref } },
      position: { x: 0, y: 0 },
    };
    after.wires = after.wires
      .filter((w) => w.to.node !== "unused")
      .map((w) => (w.from.node === "trainer" ? { ...w, from: { node: "checkpoint", port: "weights" } } : w));
    expect((await runDocument(after, dir, { targets: ["accuracy"] })).number("accuracy", "top5")).toBe(best);
  });
  it("takes the held-out rows some at a time, with the same figures", async () => {
    const whole = line((await trained(measured({ steps: 10 }))).result, "accuracy.top5");
    vi.stubEnv("PATCHBAY_CHUNK", "32K");
    expect(line((await trained(measured({ steps: 10 }))).result, "accuracy.top5")).toEqual(whole);
  });
  it("ends early when nothing gets better", async () => {
    const { result } = await trained(measured({ steps: 200, lr: 0, patience: 2 }));
    expect(line(result, "loss")).toHaveLength(15); // measured at 5, 10 and 15: the first is best, two are not better
  });
});

describe("buckets", () => {
  it("let rows of one length meet, in steps compiled for that length, with the loss of padded texts", async () => {
    const context = { scope: "text", vocabulary: 560, width: 32, layers: 1, heads: 2, context: 8 };
    const document = (trimmed: boolean) => {
      const d = pair(
        { steps: 6, batch: 6 },
        {
          buckets: ["text.length-buckets", { multiple: 2 }],
          ...(trimmed ? { trim: ["text.trim", { multiple: 2 }] } : {}),
          text: ["model.text-transformer", context],
        },
        ["tokenize.ids -> buckets.ids", "buckets.bucket -> trainer.bucket"],
      );
      if (trimmed)
        d.wires = [
          ...d.wires.map((w) => (w.to.node === "text" ? { ...w, from: { node: "trim", port: "ids" } } : w)),
          { from: { node: "tokenize", port: "ids" }, to: { node: "trim", port: "ids" } },
        ];
      return d;
    };
    const short = await trained(document(true));
    const long = await trained(document(false));
    for (const [i, loss] of line(short.result, "loss").entries())
      expect(loss).toBeCloseTo(line(long.result, "loss")[i] as number, 3);
  });
});

describe("a queue", () => {
  it("holds the newest embeddings, and goes on with them after a kill", async () => {
    const document = pair(
      { steps: 6, batch: 8, checkpoint: 2 },
      {
        queue: ["model.fifo-queue", { length: 20 }],
        other: ["model.contrastive-scorer", { scope: "other" }],
        soft: ["loss.soft-target", { alpha: 0, symmetric: false }],
        same: ["model.contrastive-scorer", { scope: "same" }],
      },
      [
        "text_norm.embedding -> queue.embedding",
        "image_norm.embedding -> other.images",
        "queue.embeddings -> other.texts",
        "other.logits -> soft.logits",
        "other.logits -> soft.teacher",
        "soft.loss -> trainer.loss",
        "image_norm.embedding -> same.images",
        "text_norm.embedding -> same.texts",
      ],
    );
    const whole = await trained(document);
    const queue = whole.weights.get("queue.embeddings") as Float32Array;
    expect(queue).toHaveLength(20 * 16);
    // What entered has length 1; the noise of the beginning, which has not, is gone after three batches of 8.
    const column = (place: number) => Array.from({ length: 16 }, (_, i) => queue[i * 20 + place] as number);
    for (let place = 0; place < 20; place++) expect(Math.hypot(...column(place))).toBeCloseTo(1, 4);
    // Six batches of 8 went round twice, and 8 places on.
    expect(whole.weights.get("queue.pointer")).toEqual(Float32Array.of(8));
    const dir = await temporaryFolder();
    const controller = new AbortController();
    await runDocument(document, dir, {
      signal: controller.signal,
      onEvent: (e) => e.kind === "metric" && e.step === 4 && controller.abort(),
    });
    expect(gap((await trained(document, {}, dir)).weights, whole.weights)).toBe(0);
  });
});

describe("half precision", () => {
  it("follows the losses of full precision, with full-precision weights", async () => {
    const half = await trained(pair({ steps: 30, precision: "float16", lr: 0.002, seed: 1 }));
    const full = await trained(pair({ steps: 30, lr: 0.002, seed: 1 }));
    expect(line(full.result, "loss")[29]).toBeLessThan((line(full.result, "loss")[0] as number) * 0.95);
    for (const [i, loss] of line(half.result, "loss").entries())
      expect(Math.abs(loss - (line(full.result, "loss")[i] as number)) / loss).toBeLessThan(0.02);
    expect(line(half.result, "loss")).not.toEqual(line(full.result, "loss"));
  });
});

describe("batches made ahead in threads", () => {
  it("are the same whatever the number of threads", async () => {
    const losses = async (dataThreads: number) =>
      line((await trained(tinyClip({ steps: 60 }), { dataThreads })).result, "loss");
    const direct = await losses(0);
    expect(direct).toHaveLength(60);
    expect(await losses(1)).toEqual(direct);
    expect(await losses(3)).toEqual(direct);
  });
});

describe("a loss that is no number any more", () => {
  it("is traced to the operation where it began", async () => {
    const result = await runDocument(pair({ lr: 10, weightDecay: 10, steps: 40 }), await temporaryFolder());
    expect(result.error?.message).toMatch(
      /^Training stopped at step \d+: the (loss|gradient) is no longer a finite number\. It began in \w+ of [A-Z]/,
    );
    expect(Number(result.error?.details?.step)).toBeGreaterThan(0);
    expect(result.error?.details?.rows?.split(", ")).toHaveLength(8);
  });
});
