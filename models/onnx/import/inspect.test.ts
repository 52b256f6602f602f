import { create } from "@bufbuild/protobuf";
import { type TypeProto, TypeProtoSchema, ValueInfoProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { type FileSpec, floatTensor, intTensor, onnxFile, wave } from "#tests/kit/onnx-file";
import { sourceOf } from "./fields";
import { signatureOf } from "./inspect";
import { portNames, type Signature } from "./signature";

const signature = (spec: FileSpec): Promise<Signature> => signatureOf(sourceOf(onnxFile(spec)));
const linear: FileSpec = {
  nodes: [["MatMul", ["x", "w"], ["y"]]],
  inputs: { x: ["batch", 3] },
  outputs: { y: ["batch", 2] },
  weights: [wave("w", 3, 2)],
};
const typed = (name: string, type: TypeProto["value"]) =>
  create(ValueInfoProtoSchema, { name, type: create(TypeProtoSchema, { value: type }) });
const tensorOf = (elemType: number) => create(TypeProtoSchema, { value: { case: "tensorType", value: { elemType } } });

describe("the ports of a file", () => {
  it("may stay open where no op reads them, in a branch neither", async () => {
    const { inputs, asIs } = await signature({ ...linear, inputs: { ...linear.inputs, mask: ["batch", 8] } });
    expect(inputs.map(({ name, unread }) => [name, unread])).toEqual([
      ["x", undefined],
      ["mask", true],
    ]);
    expect(asIs).toBeUndefined();
  });
  it("get the type of their ops where the file does not say it", async () => {
    const { outputs } = await signature({
      ...linear,
      change: (model) => {
        if (model.graph?.output[0]) model.graph.output[0].type = undefined;
      },
    });
    expect(outputs).toEqual([{ name: "y", dtype: "float32", shape: ["batch", 2] }]);
  });
  it("have no type where their ops are not known", async () => {
    const { outputs, asIs } = await signature({
      ...linear,
      nodes: [["com.microsoft/FusedMatMul", ["x", "w"], ["y"]]],
      change: (model) => {
        if (model.graph?.output[0]) model.graph.output[0].type = undefined;
      },
    });
    expect(outputs).toEqual([{ name: "y" }]);
    expect(asIs).toContain("com.microsoft");
  });
  it("are one where a name is listed twice", async () => {
    const { outputs } = await signature({
      ...linear,
      change: (model) => model.graph?.output.push(...model.graph.output),
    });
    expect(outputs.map((port) => port.name)).toEqual(["y"]);
  });
  it("are not the weights that old files list among them", async () => {
    const { inputs } = await signature({
      ...linear,
      change: (model) => {
        model.irVersion = 3n;
        model.graph?.input.push(typed("w", tensorOf(1).value));
      },
    });
    expect(inputs.map((port) => port.name)).toEqual(["x"]);
  });
  it("may be single numbers, empty, or none", async () => {
    const scalar = await signature({
      ...linear,
      nodes: [["Add", ["x", "s"], ["y"]]],
      inputs: { x: ["batch", 2], s: [], empty: ["batch", 0] },
    });
    expect(scalar.inputs.map((port) => port.shape)).toEqual([["batch", 2], [], ["batch", "*"]]);
    const none = await signature({
      nodes: [["Constant", [], ["y"], { value: floatTensor("", [2], [1, 2]) }]],
      inputs: {},
      outputs: { y: [2] },
    });
    expect(none).toEqual({ opset: 17, inputs: [], outputs: [{ name: "y", dtype: "float32", shape: [2] }] });
  });
  it("say what the file holds where a wire carries something else", async () => {
    const { inputs } = await signature({
      nodes: [["Add", ["a", "a"], ["y"]]],
      inputs: { a: { type: 10, shape: [2] }, b: { type: 6, shape: [2] }, c: { type: 2, shape: [2] } },
      outputs: { y: { type: 10, shape: [2] } },
    });
    expect(inputs.map(({ dtype, element }) => [dtype, element])).toEqual([
      ["float32", "float16"],
      ["int64", "int32"],
      ["uint8", undefined],
    ]);
  });
  it("have names that stand in a wire, whatever the file calls them", async () => {
    const names = ["input:0", "x/y z", "日本", "", "weights", "constructor", "__proto__"];
    const { inputs } = await signature({
      nodes: [["Concat", names, ["y"], { axis: 0 }]],
      inputs: Object.fromEntries(names.map((name, i) => [name, [i + 1]])),
      outputs: ["y"],
    });
    const shown = [...portNames(inputs, ["weights"]).values()];
    expect(shown.every((name) => /^[\w-]{1,64}$/.test(name))).toBe(true);
    expect(new Set(shown).size).toBe(inputs.length);
  });

  it("may be texts, which no op of ours computes with, and whose count must say their shape", async () => {
    const cast = (shape: (number | string)[], change?: FileSpec["change"]) =>
      signature({
        nodes: [["Cast", ["x"], ["y"], { to: 1 }]],
        inputs: { x: { type: 8, shape } },
        outputs: ["y"],
        change,
      });
    expect(await cast(["N", 3])).toEqual({
      opset: 17,
      inputs: [{ name: "x", dtype: "string", shape: ["N", 3] }],
      outputs: [{ name: "y", dtype: "float32" }],
      asIs: "it takes texts",
    });
    await expect(cast(["N", "words"])).rejects.toMatchObject({
      message:
        "“x” of the model takes texts as [N, words], " +
        "and a list of texts does not say how many there are along each axis.",
      hint: "Export the model with fixed sizes for all but one of these axes.",
    });
    const given = await signature({
      nodes: [["Cast", ["x"], ["y"], { to: 8 }]],
      inputs: { x: [2] },
      outputs: { y: { type: 8, shape: [2] } },
    });
    expect(given).toMatchObject({ asIs: "it gives texts" });
  });

  const foreign: [string, TypeProto["value"], RegExp][] = [
    ["complex numbers", tensorOf(14).value, /^“z” of the model holds complex64, which is not read\.$/],
    [
      "a sequence",
      { case: "sequenceType", value: { $typeName: "onnx.TypeProto.Sequence", elemType: tensorOf(1) } },
      /^“z” of the model is a sequence, and only tensors travel along a wire\.$/,
    ],
    [
      "what may be absent",
      { case: "optionalType", value: { $typeName: "onnx.TypeProto.Optional", elemType: tensorOf(1) } },
      /^“z” of the model is optional, and only tensors travel along a wire\.$/,
    ],
    [
      "a table",
      { case: "mapType", value: { $typeName: "onnx.TypeProto.Map", keyType: 8, valueType: tensorOf(1) } },
      /^“z” of the model is a table of names and values/,
    ],
  ];
  it.each(foreign)("that take or give %s are refused", async (_, type, message) => {
    const with_ = (side: "input" | "output") =>
      signature({ ...linear, change: (model) => model.graph?.[side].push(typed("z", type)) });
    await expect(with_("input")).rejects.toThrow(message);
    await expect(with_("output")).rejects.toThrow(message);
  });
});

describe("whether a file becomes ops", () => {
  it("is decided by trying: an op that is known may not be with these inputs", async () => {
    const { asIs } = await signature({
      nodes: [
        ["Cast", ["n"], ["to"], { to: 7 }],
        ["Reshape", ["x", "to"], ["y"]],
      ],
      inputs: { x: ["batch", 4], n: { type: 7, shape: [2] } },
      outputs: ["y"],
    });
    expect(asIs).toMatch(/^Reshape “node_1” cannot be translated: its input 2 depends on data/);
  });
  it("does not depend on sizes that only a wire tells", async () => {
    // A split in four is written for a width that is known.
    const { asIs, outputs } = await signature({
      nodes: [["Split", ["x"], ["a", "b", "c", "d"], { axis: 1 }]],
      inputs: { x: ["batch", "width"] },
      outputs: { a: ["batch", "quarter"] },
    });
    expect(asIs).toBeUndefined();
    expect(outputs).toEqual([{ name: "a", dtype: "float32", shape: ["batch", "quarter"] }]);
  });
  it("is told from the shape of what it reads, not from its weights", async () => {
    const large = floatTensor("w", [1000, 500], new Array(500_000).fill(1));
    const small = intTensor("to", [-1, 250]);
    const bytes = onnxFile({
      nodes: [
        ["MatMul", ["x", "w"], ["m"]],
        ["Reshape", ["m", "to"], ["y"]],
      ],
      inputs: { x: ["batch", 1000] },
      outputs: ["y"],
      weights: [large, small],
    });
    let read = 0;
    const found = await signatureOf({
      size: bytes.length,
      read: async (start, end) => {
        read += end - start;
        return bytes.subarray(start, end);
      },
    });
    expect(found.outputs).toEqual([{ name: "y", dtype: "float32", shape: ["*", 250] }]);
    expect(read).toBeLessThan(100_000);
  });
  it("is decided for files of a thousand layers in bearable time", async () => {
    const layers = Array.from({ length: 2000 }, (_, i) => ["Relu", [i ? `x${i - 1}` : "x"], [`x${i}`]] as const);
    const { asIs } = await signature({ nodes: layers, inputs: { x: ["batch", 4] }, outputs: ["x1999"] });
    expect(asIs).toBeUndefined();
  });
});
