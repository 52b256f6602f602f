import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "#models/files/safetensors";
import { signatureOf } from "#models/onnx/import/inspect";
import { check } from "#nodes/graph/check";
import type { Series, Tensor } from "#nodes/core/values";
import type { ExecuteResult } from "#server/runtime/execute";
import { loadValue } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "#tests/kit/graphs";
import { branch, floatTensor, onnxFile, wave } from "#tests/kit/onnx-file";
import { temporaryFolder } from "#tests/kit/run-node";

/** A small convolutional classifier. */
const classifier = (opset = 17) =>
  onnxFile({
    opset,
    nodes: [
      ["Conv", ["pixels", "stem.w", "stem.b"], ["c"], { strides: [4, 4] }],
      ["Relu", ["c"], ["r"]],
      ["Flatten", ["r"], ["f"]],
      ["Gemm", ["f", "head.w", "head.b"], ["logits"]],
    ],
    inputs: { pixels: ["batch", 3, 28, 28] },
    outputs: ["logits"],
    weights: [wave("stem.w", 4, 3, 4, 4), wave("stem.b", 4), wave("head.w", 196, 10), wave("head.b", 10)],
  });
const sourceOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  read: async (start: number, end: number) => bytes.subarray(start, end),
});

async function stored(bytes: Uint8Array) {
  const dir = await temporaryFolder();
  const ref = await openBlobs(join(dir, "blobs")).put(bytes);
  return {
    dir,
    params: { source: "upload", file: { ref, name: "classifier.onnx", signature: await signatureOf(sourceOf(bytes)) } },
  };
}
const data: Parameters<typeof graph>[0] = {
  data: ["data.mnist", { limit: 12 }],
  normalize: ["image.normalize", { preset: "half" }],
};
const wires = ["data.image -> normalize.image", "normalize.pixels -> model.pixels"];

describe("an ONNX model", () => {
  it("has the ports of its file, known before anything runs", async () => {
    const { params } = await stored(classifier());
    const { types, problems } = check(
      graph({ ...data, model: ["model.onnx", params], loss: ["loss.cross-entropy"] }, [
        ...wires,
        "model.logits -> loss.logits",
      ]),
    );
    expect(problems.map((p) => p.code)).toEqual(["missing-input"]);
    expect(types.model?.in.pixels).toEqual({ type: "tensor", dtype: "float32", shape: ["data.N", 3, 28, 28] });
    expect(types.loss?.in.logits).toEqual({ type: "tensor", dtype: "float32", shape: ["data.N", 10] });
  });
  it("refuses a picture of another size on the wire, and a port that the file does not have", async () => {
    const { params } = await stored(classifier());
    const { problems } = check(
      graph({ ...data, resize: ["image.resize", { width: 32, height: 32 }], model: ["model.onnx", params] }, [
        "data.image -> resize.image",
        "resize.image -> normalize.image",
        "normalize.pixels -> model.pixels",
        "normalize.pixels -> model.nothing",
      ]),
    );
    expect(problems.map((p) => p.message)).toEqual([
      'ONNX model has no input "nothing".',
      "model.pixels expects [batch, 3, 28, 28], but normalize.pixels gives [data.N, 3, 32, 32]: " +
        "axis 2 must be 28 and is 32.",
    ]);
  });
  it("asks for a file, and says nothing of ports until there is one", () => {
    const { problems } = check(graph({ ...data, model: ["model.onnx", { source: "upload" }] }, wires));
    expect(problems.map((p) => p.message)).toEqual(["No model is chosen."]);
  });
  it("runs as its file does, trains, and its trained weights go back into it", async () => {
    const { dir, params } = await stored(classifier());
    const document = graph(
      {
        ...data,
        ids: ["text.label-ids"],
        model: ["model.onnx", params],
        loss: ["loss.cross-entropy"],
        trainer: ["train.trainer", { steps: 60, batch: 40, warmup: 0, lr: 0.003 }],
        trained: ["model.onnx", params],
        accuracy: ["eval.accuracy"],
        raw: ["model.onnx", { ...params, scope: "raw" }],
        before: ["eval.accuracy"],
      },
      [
        ...wires,
        "data.label -> ids.text",
        "model.logits -> loss.logits",
        "ids.ids -> loss.labels",
        "loss.loss -> trainer.loss",
        "normalize.pixels -> trained.pixels",
        "trainer.weights -> trained.weights",
        "trained.logits -> accuracy.logits",
        "data.classes -> accuracy.labels",
        "data.label -> accuracy.truth",
        "normalize.pixels -> raw.pixels",
        "raw.logits -> before.logits",
        "data.classes -> before.labels",
        "data.label -> before.truth",
      ],
    );
    const result = await runDocument(document, dir);
    expect(result.error).toBeUndefined();
    const { ref } = result.outputs.trainer?.weights?.value as { ref: string };
    expect([...readSafetensors(await openBlobs(join(dir, "blobs")).get(ref)).tensors.keys()]).toEqual([
      "onnx.stem.w",
      "onnx.stem.b",
      "onnx.head.w",
      "onnx.head.b",
    ]);
    expect(result.number("accuracy", "top1")).toBeGreaterThan(result.number("before", "top1") + 0.4);
  });
  it("is adapted by LoRA and frozen by name over a weights wire, and keeps the file's numbers", async () => {
    const { dir, params } = await stored(classifier());
    const document = graph(
      {
        ...data,
        ids: ["text.label-ids"],
        make: ["weights.make"],
        freeze: ["weights.freeze", { names: "onnx.stem.*" }],
        lora: ["weights.lora", { rank: 2, targets: "onnx.head.w", others: true }],
        model: ["model.onnx", params],
        loss: ["loss.cross-entropy"],
        trainer: ["train.trainer", { steps: 3, batch: 40, warmup: 0, lr: 0.01 }],
      },
      [
        ...wires,
        "make.weights -> freeze.weights",
        "freeze.weights -> lora.weights",
        "lora.weights -> model.weights",
        "data.label -> ids.text",
        "model.logits -> loss.logits",
        "ids.ids -> loss.labels",
        "loss.loss -> trainer.loss",
      ],
    );
    const result = await runDocument(document, dir, { targets: ["trainer"] });
    expect(result.error).toBeUndefined();
    const { ref } = result.outputs.trainer?.weights?.value as { ref: string };
    const { tensors } = readSafetensors(await openBlobs(join(dir, "blobs")).get(ref));
    const changed = [...tensors]
      .filter(([name, tensor]) => {
        const start = {
          "onnx.stem.w": wave("", 4, 3, 4, 4),
          "onnx.stem.b": wave("", 4),
          "onnx.head.w": wave("", 196, 10),
          "onnx.head.b": wave("", 10),
        }[name];
        return !start || Buffer.compare(tensor.data, start.rawData) !== 0;
      })
      .map(([name]) => name);
    expect(changed.sort()).toEqual(["onnx.head.b", "onnx.head.w.lora_A", "onnx.head.w.lora_B"]);
  });
  it("may read nothing, and gives its constants", async () => {
    const bytes = onnxFile({
      nodes: [["Add", ["a", "b"], ["y"]]],
      inputs: {},
      outputs: ["y"],
      weights: [floatTensor("a", [2], [1, 2]), floatTensor("b", [2], [10, 20])],
    });
    const { dir, params } = await stored(bytes);
    const result = await runDocument(graph({ model: ["model.onnx", params] }), dir);
    expect(result.error).toBeUndefined();
    expect([...(await tensorAt(result, dir, "model", "y")).data]).toEqual([11, 22]);
  });
  it("tells of a file that is not the one its ports were read from, at its node", async () => {
    const { dir, params } = await stored(classifier());
    const other = await signatureOf(sourceOf(classifier(13)));
    const result = await runDocument(
      graph({ ...data, model: ["model.onnx", { ...params, file: { ...params.file, signature: other } }] }, wires),
      dir,
    );
    expect(result.error).toMatchObject({
      node: "model",
      message: "The ports of this node are not those of classifier.onnx.",
    });
  });
});

/** The same classifier behind a branch, which cannot become ops. */
const branching = () =>
  onnxFile({
    nodes: [
      ["Conv", ["pixels", "stem.w", "stem.b"], ["c"], { strides: [4, 4] }],
      ["ReduceMax", ["c"], ["m"], { keepdims: 0 }],
      ["Greater", ["m", "zero"], ["is"]],
      [
        "If",
        ["is"],
        ["r"],
        {
          then_branch: branch({ nodes: [["Relu", ["c"], ["t"]]], outputs: ["t"] }),
          else_branch: branch({ nodes: [["Neg", ["c"], ["e"]]], outputs: ["e"] }),
        },
      ],
      ["Flatten", ["r"], ["features"]],
    ],
    inputs: { pixels: ["batch", 3, 28, 28] },
    outputs: { features: ["batch", 196] },
    weights: [wave("stem.w", 4, 3, 4, 4), wave("stem.b", 4), floatTensor("zero", [], [0])],
  });
const reason = "Runs as the file is, and does not train: “If” (node “node_3”) is control flow.";

describe("an ONNX model that runs as its file is", () => {
  it("says why, and has the ports of its file but for weights", async () => {
    const { params } = await stored(branching());
    const { graph: resolved, problems } = check(
      graph({ ...data, make: ["weights.make"], model: ["model.onnx", params] }, [
        ...wires,
        "make.weights -> model.weights",
      ]),
    );
    expect(resolved.nodes.get("model")?.definition.notice).toBe(reason);
    expect(problems.map((p) => p.message)).toEqual(['ONNX model has no input "weights".']);
    expect(problems[0]?.hint).toContain(reason);
  });
  it("feeds a trainer, in the main run, in the batches of random pictures and in threads", async () => {
    const { dir, params } = await stored(branching());
    const trained = (threads: number, steps: number) =>
      runDocument(
        graph(
          {
            ...data,
            augment: ["image.augment"],
            ids: ["text.label-ids"],
            model: ["model.onnx", params],
            head: ["model.projector", { width: 10 }],
            loss: ["loss.cross-entropy"],
            trainer: ["train.trainer", { steps, batch: 12, warmup: 0, lr: 0.01 }],
          },
          [
            "data.image -> augment.image",
            "augment.image -> normalize.image",
            "normalize.pixels -> model.pixels",
            "data.label -> ids.text",
            "model.features -> head.features",
            "head.embedding -> loss.logits",
            "ids.ids -> loss.labels",
            "loss.loss -> trainer.loss",
          ],
        ),
        dir,
        { targets: ["trainer"], dataThreads: threads },
      );
    const [alone, threaded] = [await trained(0, 60), await trained(2, 60)];
    expect(alone.error ?? threaded.error).toBeUndefined();
    const losses = ({ outputs }: typeof alone) =>
      (outputs.trainer?.curve?.value as Series).lines.find((line) => line.name === "loss")?.values as number[];
    expect(losses(alone).at(-1)).toBeLessThan(0.8 * (losses(alone)[0] as number));
    expect(losses(threaded)).toEqual(losses(alone));
  });
  it("stands in the way of a gradient, which is told before the run", async () => {
    const { params } = await stored(branching());
    const { problems } = check(
      graph(
        {
          ...data,
          ids: ["text.label-ids"],
          model: ["model.onnx", { ...params, scope: "file" }],
          loss: ["loss.cross-entropy"],
          trainer: ["train.trainer"],
        },
        [
          ...wires,
          "data.label -> ids.text",
          "model.features -> loss.logits",
          "ids.ids -> loss.labels",
          "loss.loss -> trainer.loss",
        ],
      ),
    );
    expect(
      problems.filter((p) => p.code === "not-differentiable").map(({ node, message }) => ({ node, message })),
    ).toEqual([
      { node: "trainer", message: "Nothing upstream of the loss can be trained: ONNX model runs as its file is." },
    ]);
  });
  it("may be chosen so, and gives what its ops give", async () => {
    const { dir, params } = await stored(classifier());
    const result = await runDocument(
      graph(
        {
          ...data,
          ops: ["model.onnx", params],
          file: ["model.onnx", { ...params, scope: "file", runs: "file" }],
        },
        ["data.image -> normalize.image", "normalize.pixels -> ops.pixels", "normalize.pixels -> file.pixels"],
      ),
      dir,
    );
    expect(result.error).toBeUndefined();
    const [ops, file] = await Promise.all(["ops", "file"].map((node) => tensorAt(result, dir, node, "logits")));
    expect(file?.shape).toEqual(ops?.shape);
    const [expected, actual] = [ops?.data as Float32Array, file?.data as Float32Array];
    const difference = expected.map((n, i) => Math.abs(n - (actual[i] as number)));
    expect(difference).toHaveLength(1200);
    expect(Math.max(...difference)).toBeLessThan(1e-5);
  });
  it("is read from documents that say less of it, as ops", async () => {
    const { dir, params } = await stored(classifier());
    const { opset, inputs, outputs } = params.file.signature;
    const plain = outputs.map(({ name, dtype }) => ({ name, dtype }));
    const old = { ...params, file: { ...params.file, signature: { opset, inputs, outputs: plain } } };
    const result = await runDocument(graph({ ...data, model: ["model.onnx", old] }, wires), dir);
    expect(result.status).toBe("done");
  });
});

describe("an ONNX model of texts", () => {
  const texts = (...shape: (number | string)[]) => ({ type: 8, shape });
  /** The product of two numbers that are spelled, as a number and as a text, for each row. */
  const multiplying = (...rows: (number | string)[]) =>
    onnxFile({
      nodes: [
        ["Cast", ["pair"], ["numbers"], { to: 1 }],
        ["ReduceProd", ["numbers"], ["product"], { axes: [1], keepdims: 0 }],
        ["Cast", ["product"], ["spelled"], { to: 8 }],
      ],
      inputs: { pair: texts(...rows, 2) },
      outputs: { product: [...rows], spelled: texts(...rows) },
    });
  const document = async (bytes: Uint8Array, lines: string[]) => {
    const { dir, params } = await stored(bytes);
    const nodes: Parameters<typeof graph>[0] = {
      lines: ["text.input", { text: lines.join("\n") }],
      model: ["model.onnx", params],
      prompts: ["text.prompts", { templates: "{}!" }],
    };
    return { dir, document: graph(nodes, ["lines.text -> model.pair", "model.spelled -> prompts.text"]) };
  };

  it("has text ports, of as many texts as it has rows where that is known", async () => {
    const { document: open } = await document(multiplying("N"), ["1", "2"]);
    const { graph: resolved, types, problems } = check(open);
    expect(problems).toEqual([]);
    expect(types.model?.in.pair).toEqual({ type: "text", shape: ["lines.N"] });
    expect(types.model?.out.spelled).toMatchObject({ type: "text", shape: [expect.any(String)] });
    const { notice, inputs, rowwise } = resolved.nodes.get("model")?.definition ?? {};
    expect(notice).toBe("Runs as the file is, and does not train: it takes texts.");
    expect(inputs).toEqual({ pair: { type: "text", doc: "Texts of [N, 2] in the file, row by row." } });
    expect(rowwise, "rows cannot be cut where they are not texts").toBe(false);
  });
  it.each([["N"], [2]])("reads and gives lists of texts (rows: %s)", async (rows) => {
    const { dir, document: wired } = await document(multiplying(rows), ["2", "3", "4", "5", "0.5", "8"]);
    const result = await runDocument(wired, dir);
    expect(result.error).toBeUndefined();
    expect((await tensorAt(result, dir, "model", "product")).data).toEqual(Float32Array.of(6, 20, 4));
    expect(result.outputs.prompts?.text?.value).toEqual(["6!", "20!", "4!"]);
  });
  it("says at its port how many texts it takes", async () => {
    const { dir, document: wired } = await document(multiplying("N"), ["1", "2", "3"]);
    const { error } = await runDocument(wired, dir);
    expect(error).toMatchObject({
      node: "model",
      port: "pair",
      message: "“pair” of “classifier.onnx” takes texts as [N, 2], row by row: a multiple of 2 texts, and 3 came.",
      hint: "Wire a multiple of 2 texts to it.",
    });
  });
});

async function tensorAt(result: ExecuteResult, dir: string, node: string, port: string): Promise<Tensor> {
  return (await loadValue("tensor", result.outputs[node]?.[port]?.value, openBlobs(join(dir, "blobs")))) as Tensor;
}
