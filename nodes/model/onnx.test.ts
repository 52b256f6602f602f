import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "#models/files/safetensors";
import { signatureOf } from "#models/onnx/import/inspect";
import { check } from "#nodes/graph/check";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "#tests/kit/graphs";
import { onnxFile, wave } from "#tests/kit/onnx-file";
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
      "model.pixels expects [batch, 3, 28, 28], but normalize.pixels gives [data.N, 3, 32, 32]: axis 2 must be 28 and is 32.",
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
