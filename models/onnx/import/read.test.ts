import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  SparseTensorProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
} from "onnx-buf";
import { describe, expect, it } from "vitest";
import { type FileSpec, floatTensor, imported, intTensor, onnxFile, startOf, wave } from "#tests/kit/onnx-file";
import { sourceOf } from "./fields";
import { signatureOf } from "./inspect";
import { readModel } from "./read";
import { portNames } from "./signature";
import { isImportable } from "./translate";

const read = (bytes: Uint8Array) => readModel(sourceOf(bytes), isImportable);
const weights = () => [wave("w", 3, 2), wave("b", 2)];
const linear: FileSpec = {
  nodes: [
    ["MatMul", ["x", "w"], ["m"]],
    ["Add", ["m", "b"], ["y"]],
  ],
  inputs: { x: ["batch", 3] },
  outputs: ["y"],
  weights: weights(),
};
const changed = (change: FileSpec["change"]) => onnxFile({ ...linear, weights: weights(), change });

describe("a file", () => {
  it("keeps larger weights where they are, and is asked for their numbers alone by whoever needs them", async () => {
    const mask = floatTensor("mask", [128, 128], new Array(16_384).fill(Number.NEGATIVE_INFINITY));
    const bytes = onnxFile({
      nodes: [
        ["MatMul", ["x", "w"], ["m"]],
        ["Add", ["m", "mask"], ["n"]],
        ["Add", ["n", "b"], ["y"]],
      ],
      inputs: { x: [128, 128] },
      outputs: ["y"],
      weights: [wave("w", 128, 128), wave("b", 128), mask],
    });
    const { initializers } = await readModel(sourceOf(bytes), isImportable, { fileName: () => "the model" });
    const { stored, data, parameter } = initializers.get("w") ?? {};
    expect([parameter, data?.length, stored?.file, stored?.dtype]).toEqual([true, 0, "the model", "F32"]);
    expect(bytes.slice(stored?.start, stored?.end)).toEqual(new Uint8Array(wave("w", 128, 128).rawData));
    expect(initializers.get("b")).toMatchObject({ parameter: true, data: { length: 128 } });
    expect(initializers.get("mask")).toMatchObject({ parameter: false, data: { length: 16_384 } });
  });
  it("gives its weights as parameters, and numbers, integers and masks as constants", async () => {
    const weights = [
      wave("w", 3, 2),
      wave("b", 2),
      floatTensor("scale", [], [2]),
      floatTensor("mask", [2], [0, Number.NEGATIVE_INFINITY]),
      intTensor("ids", [1, 0]),
    ];
    const { graph } = await imported(
      onnxFile({
        ...linear,
        nodes: [
          ["MatMul", ["x", "w"], ["m"]],
          ["Mul", ["m", "scale"], ["s"]],
          ["Gather", ["s", "ids"], ["g"], { axis: 1 }],
          ["Add", ["g", "mask"], ["a"]],
          ["Add", ["a", "b"], ["y"]],
        ],
        weights,
      }),
      { x: ["B", 3] },
    );
    expect(graph.parameters.map((p) => [p.name, p.value.shape])).toEqual([
      ["w", [3, 2]],
      ["b", [2]],
    ]);
    expect([...startOf(graph, "b")]).toEqual([...new Float32Array(wave("b", 2).rawData.slice().buffer)]);
    expect(graph.constants).toHaveLength(3);
  });
  it("computes half precision and small integers wider, however they are written down", async () => {
    const half = create(TensorProtoSchema, { name: "w", dataType: 10, dims: [2n], int32Data: [0x3c00, 0xc000] });
    const brain = create(TensorProtoSchema, {
      name: "v",
      dataType: 16,
      dims: [2n],
      rawData: Uint8Array.of(0x80, 0x3f, 0x40, 0xc0),
    });
    const { initializers } = await read(
      onnxFile({
        nodes: [
          ["Mul", ["x", "w"], ["m"]],
          ["Add", ["m", "v"], ["y"]],
        ],
        inputs: { x: [2] },
        outputs: ["y"],
        weights: [half, brain, create(TensorProtoSchema, { name: "i", dataType: 6, dims: [2n], int32Data: [5, -6] })],
      }),
    );
    expect([...(initializers.get("w")?.data ?? [])]).toEqual([1, -2]);
    expect([...(initializers.get("v")?.data ?? [])]).toEqual([1, -3]);
    expect(initializers.get("i")).toMatchObject({ dtype: "int64", data: BigInt64Array.of(5n, -6n) });
  });
  it("need not be in order, and what no output needs is left out", async () => {
    const { nodes } = await read(
      onnxFile({
        ...linear,
        nodes: [
          ["Add", ["m", "b"], ["y"]],
          ["SomethingNew", ["x"], ["unused"]],
          ["MatMul", ["x", "w"], ["m"]],
        ],
      }),
    );
    expect(nodes.map((n) => n.op)).toEqual(["MatMul", "Add"]);
  });
  it("tells its ports from a few reads, without its weights", async () => {
    const bytes = onnxFile({
      ...linear,
      weights: [wave("w", 3, 2), wave("b", 2), floatTensor("large", [500_000], new Array(500_000).fill(1))],
      change: (m) => m.graph?.input.push(...m.graph.output.map((o) => ({ ...o, name: "b" }))),
    });
    let got = 0;
    const signature = await signatureOf({
      size: bytes.length,
      read: async (start, end) => {
        got += end - start;
        return bytes.subarray(start, end);
      },
    });
    expect(signature).toEqual({
      opset: 17,
      inputs: [{ name: "x", dtype: "float32", shape: ["batch", 3] }],
      outputs: [{ name: "y", dtype: "float32", shape: ["batch", 2] }],
      rowwise: true,
    });
    expect(bytes.length).toBeGreaterThan(2_000_000);
    expect(got).toBeLessThan(70_000);
  });
  it("has ports whose names can stand in a wire", () => {
    const names = portNames(
      ["x", "input.1", "input_1", "weights", "日本"].map((name) => ({ name, dtype: "float32" as const })),
      ["weights"],
    );
    expect([...names.values()]).toEqual(["x", "input_1", "input_1_2", "weights_2", "value"]);
  });
});

const text = (s: string) => new TextEncoder().encode(s);
const whole = onnxFile(linear);
/** What may be wrong with a stranger's file, and the sentence that says so. */
const refused: [string, Uint8Array, RegExp][] = [
  ["nothing", new Uint8Array(), /^This cannot be read as an ONNX model: it holds no graph\.$/],
  ["a text", text("<html>this is no model</html>"), /^This cannot be read as an ONNX model: /],
  [
    "a picture",
    Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...new Array(64).fill(7)]),
    /^This cannot be read as an ONNX model: /,
  ],
  ["a cut-off file", whole.subarray(0, whole.length - 20), /claims \d+ bytes, and \d+ are left\.$/],
  [
    "a claim of 2 GB",
    Uint8Array.of(8, 8, 0x3a, 0x80, 0x80, 0x80, 0x80, 0x08),
    /claims 2147483648 bytes, and 0 are left/,
  ],
  ["an old opset", onnxFile({ ...linear, opset: 6 }), /^The model uses opset 6; 7 to 26 are read\.$/],
  ["a new opset", onnxFile({ ...linear, opset: 27 }), /^The model uses opset 27; 7 to 26 are read\.$/],
  [
    "no opset of ONNX",
    changed((m) => {
      if (m.opsetImport[0]) m.opsetImport[0].domain = "com.microsoft";
    }),
    /opset of no standard/,
  ],
  [
    "an unknown op",
    onnxFile({
      ...linear,
      nodes: [
        ["Loop", ["x"], ["m"]],
        ["Frobnicate", ["m"], ["y"]],
      ],
    }),
    /^The model uses 2 ops that cannot be imported: Loop, Frobnicate \(the first at Loop “node_0”\)\.$/,
  ],
  [
    "an op of another domain",
    changed((m) => {
      if (m.graph?.node[0]) m.graph.node[0].domain = "com.microsoft";
    }),
    /an op that cannot be imported: com\.microsoft\.MatMul/,
  ],
  [
    "an op of ours",
    onnxFile({ ...linear, nodes: [["StopGradient", ["x"], ["y"]]] }),
    /cannot be imported: StopGradient/,
  ],
  [
    "a name of JavaScript's",
    onnxFile({ ...linear, nodes: [["constructor", ["x"], ["y"]]] }),
    /cannot be imported: constructor/,
  ],
  [
    "functions of its own",
    changed((m) => {
      m.functions.push(create(FunctionProtoSchema, {}));
    }),
    /defines 1 functions of its own/,
  ],
  [
    "external data",
    changed((m) => {
      if (m.graph?.initializer[0])
        Object.assign(m.graph.initializer[0], {
          rawData: new Uint8Array(),
          dataLocation: 1,
          externalData: [create(StringStringEntryProtoSchema, { key: "location", value: "../../etc/passwd" })],
        });
    }),
    /^The tensor “w” lies in “\.\.\/\.\.\/etc\/passwd”, which is no file in the folder of the model\.$/,
  ],
  [
    "sparse tensors",
    changed((m) => {
      m.graph?.sparseInitializer.push(create(SparseTensorProtoSchema, {}));
    }),
    /sparse tensors/,
  ],
  [
    "a circle",
    onnxFile({
      ...linear,
      nodes: [
        ["Add", ["x", "y"], ["m"]],
        ["Add", ["m", "b"], ["y"]],
      ],
    }),
    /reads what depends on it: the model runs in a circle\.$/,
  ],
  [
    "a value nobody gives",
    onnxFile({ ...linear, weights: [wave("w", 3, 2)] }),
    /^Add “node_1” reads “b”, which nothing in the model gives\.$/,
  ],
  [
    "an output nobody gives",
    onnxFile({ ...linear, outputs: ["z"] }),
    /output list reads “z”, which nothing in the model gives\.$/,
  ],
  [
    "a name given twice",
    onnxFile({ ...linear, nodes: [...linear.nodes, ["Neg", ["x"], ["m"]]] }),
    /^Two things in the model give “m”; one of them is Neg “node_2”\.$/,
  ],
  [
    "two tensors of one name",
    onnxFile({ ...linear, weights: [wave("w", 3, 2), wave("w", 3, 2), wave("b", 2)] }),
    /^Two tensors of the model are called “w”\.$/,
  ],
  [
    "a false size",
    onnxFile({
      ...linear,
      weights: [
        create(TensorProtoSchema, { name: "w", dataType: 1, dims: [3n, 2n], rawData: new Uint8Array(20) }),
        wave("b", 2),
      ],
    }),
    /^The tensor “w” claims 6 elements of float32 \[3, 2\] and holds 20 bytes\.$/,
  ],
  [
    "an absurd size",
    onnxFile({
      ...linear,
      weights: [create(TensorProtoSchema, { name: "w", dataType: 1, dims: [2n ** 40n, 2n ** 40n] }), wave("b", 2)],
    }),
    /^The tensor “w” claims the shape \[1099511627776, 1099511627776\]\.$/,
  ],
  [
    "a negative size",
    onnxFile({
      ...linear,
      weights: [
        create(TensorProtoSchema, { name: "w", dataType: 1, dims: [-1n, -6n], rawData: new Uint8Array(24) }),
        wave("b", 2),
      ],
    }),
    /claims the shape \[-1, -6\]/,
  ],
  [
    "quantized weights",
    onnxFile({
      ...linear,
      weights: [
        create(TensorProtoSchema, { name: "w", dataType: 22, dims: [6n], rawData: new Uint8Array(3) }),
        wave("b", 2),
      ],
    }),
    /^The tensor “w” holds int4, which is not read\.$/,
  ],
  [
    "texts",
    onnxFile({ ...linear, inputs: { x: { type: 8, shape: [3] } } }),
    /^The model cannot be imported: it takes texts\.$/,
  ],
  ["no outputs", onnxFile({ ...linear, outputs: [] }), /^The model has 1 inputs and 0 outputs/],
  [
    "a branch",
    changed((m) => {
      if (m.graph?.node[0])
        Object.assign(m.graph.node[0], {
          opType: "If",
          attribute: [
            create(AttributeProtoSchema, {
              name: "then_branch",
              type: AttributeProto_AttributeType.GRAPH,
              g: create(GraphProtoSchema, {}),
            }),
          ],
        });
    }),
    /cannot be imported: If/,
  ],
];

describe("a file that is refused with the reason", () => {
  it.each(refused)("%s", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
    await expect(read(bytes)).rejects.toMatchObject({ name: "OnnxError", hint: expect.stringMatching(/\.$/) });
  });
  it("any cut of a file is refused or read, and nothing else is thrown", async () => {
    for (let n = 0; n < whole.length; n++)
      await read(whole.subarray(0, n)).catch((error) => expect(error.name, error.stack).toBe("OnnxError"));
  });
  it("any changed byte is refused or read", async () => {
    for (let at = 0; at < whole.length; at++) {
      const bytes = whole.slice();
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      await imported(bytes, { x: ["B", 3] }).catch((error) =>
        expect(error.name, `byte ${at}: ${error.stack}`).toBe("OnnxError"),
      );
    }
  });
  it("a million empty nodes are not decoded", async () => {
    const nodes = new Uint8Array(2_000_000).map((_, i) => (i % 2 ? 0 : 0x0a));
    const length = [0x80 | (nodes.length & 127), 0x80 | ((nodes.length >> 7) & 127), nodes.length >> 14];
    await expect(read(Uint8Array.from([8, 8, 0x3a, ...length, ...nodes]))).rejects.toThrow(
      "it has more than 50000 parts of one kind",
    );
  });
});
