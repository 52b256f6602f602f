import { create } from "@bufbuild/protobuf";
import { FunctionProtoSchema, NodeProtoSchema, StringStringEntryProtoSchema, TensorProtoSchema } from "onnx-buf";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { fromHalf, toHalf } from "#models/files/half";
import { sourceOf } from "#models/onnx/import/fields";
import { inspectModel } from "#models/onnx/import/inspect";
import type { InputPort, Signature } from "#models/onnx/import/signature";
import type { OnnxValue } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { branch, type FileSpec, floatTensor, intTensor, type NodeSpec, onnxFile, wave } from "#tests/kit/onnx-file";
import { floats, ids, testHost } from "#tests/kit/run-node";

const rows = (count: number, ...shape: number[]): Tensor => {
  const size = shape.reduce((product, n) => product * n, count);
  return floats(
    [count, ...shape],
    Array.from({ length: size }, (_, i) => Math.sin(i * 0.7) * 2),
  );
};

const scalar = (name: string, dataType: number, bytes: number[]) =>
  create(TensorProtoSchema, { name, dataType, dims: [], rawData: Uint8Array.from(bytes) });
const isTrue = scalar("", 9, [1]);

interface Case {
  spec: FileSpec;
  inputs: Record<string, Tensor>;
  reason: RegExp;
}
const x = { x: ["batch", 4] };

const cases: Record<string, Case> = {
  "an If": {
    reason: /^“If” \(node “node_1”\) is control flow$/,
    inputs: { x: rows(3, 4) },
    spec: {
      nodes: [
        ["ReduceMax", ["x"], ["m"], { keepdims: 0 }],
        [
          "If",
          ["c"],
          ["y"],
          {
            then_branch: branch({ nodes: [["Mul", ["x", "m"], ["t"]]], outputs: ["t"] }),
            else_branch: branch({ nodes: [["Neg", ["x"], ["e"]]], outputs: ["e"] }),
          },
        ],
      ],
      weights: [{ ...isTrue, name: "c" }],
      inputs: x,
      outputs: ["y"],
    },
  },
  "a Loop": {
    reason: /^“Loop” .* is control flow$/,
    inputs: { x: rows(2, 4) },
    spec: {
      nodes: [
        [
          "Loop",
          ["n", "c", "x"],
          ["y"],
          {
            body: branch({
              nodes: [
                ["Add", ["v", "v"], ["w"]],
                ["Identity", ["go"], ["on"]],
              ],
              inputs: { i: { type: 7, shape: [] }, go: { type: 9, shape: [] }, v: ["batch", 4] },
              outputs: { on: { type: 9, shape: [] }, w: ["batch", 4] },
            }),
          },
        ],
      ],
      weights: [intTensor("n", [3], []), { ...isTrue, name: "c" }],
      inputs: x,
      outputs: ["y"],
    },
  },
  "an LSTM": {
    reason: /^“LSTM” .* is a recurrent layer/,
    inputs: { x: rows(5, 2, 3) },
    spec: {
      nodes: [["LSTM", ["x", "w", "r"], ["y", "h"], { hidden_size: 2 }]],
      weights: [wave("w", 1, 8, 3), wave("r", 1, 8, 2)],
      inputs: { x: ["time", "batch", 3] },
      outputs: ["y", "h"],
    },
  },
  "an op of Microsoft's": {
    reason: /^“com\.microsoft\.FusedMatMul” .* is an op of com\.microsoft, not of ONNX$/,
    inputs: { x: rows(3, 4) },
    spec: {
      nodes: [["com.microsoft/FusedMatMul", ["x", "w"], ["y"], { alpha: { float: 0.5 } }]],
      weights: [wave("w", 4, 5)],
      inputs: x,
      outputs: ["y"],
    },
  },
  "dynamic quantization": {
    reason: /^“DynamicQuantizeLinear” .* is quantized arithmetic$/,
    inputs: { x: rows(200, 4) },
    spec: {
      nodes: [
        ["DynamicQuantizeLinear", ["x"], ["q", "s", "z"]],
        ["MatMulInteger", ["q", "w", "z"], ["i"]],
        ["Cast", ["i"], ["f"], { to: 1 }],
        ["Mul", ["f", "s"], ["y"]],
      ],
      weights: [
        create(TensorProtoSchema, {
          name: "w",
          dataType: 3,
          dims: [4n, 3n],
          rawData: new Uint8Array(12).map((_, i) => i * 9),
        }),
      ],
      inputs: x,
      outputs: ["y"],
    },
  },
  "quantized weights": {
    reason: /is quantized arithmetic$/,
    inputs: { x: rows(3, 4) },
    spec: {
      nodes: [
        ["DequantizeLinear", ["w", "scale", "zero"], ["f"]],
        ["MatMul", ["x", "f"], ["y"]],
      ],
      weights: [
        create(TensorProtoSchema, {
          name: "w",
          dataType: 3,
          dims: [4n, 2n],
          rawData: new Uint8Array(8).map((_, i) => i * 30),
        }),
        floatTensor("scale", [], [0.1]),
        scalar("zero", 3, [2]),
      ],
      inputs: x,
      outputs: ["y"],
    },
  },
  "a sequence inside": {
    reason: /works on sequences$/,
    inputs: { x: rows(3, 4) },
    spec: {
      nodes: [
        ["SequenceConstruct", ["x", "x"], ["s"]],
        ["ConcatFromSequence", ["s"], ["y"], { axis: 1 }],
      ],
      inputs: x,
      outputs: ["y"],
    },
  },
  "a function of its own": {
    reason: /^the file defines functions of its own$/,
    inputs: { x: rows(3, 4) },
    spec: {
      nodes: [["mine/Twice", ["x"], ["y"]]],
      inputs: x,
      outputs: ["y"],
      change: (model) => {
        model.functions.push(
          create(FunctionProtoSchema, {
            name: "Twice",
            domain: "mine",
            input: ["a"],
            output: ["b"],
            opsetImport: [{ domain: "", version: 17n }],
            node: [create(NodeProtoSchema, { opType: "Add", input: ["a", "a"], output: ["b"] })],
          }),
        );
      },
    },
  },
  "a shape that depends on data": {
    reason: /cannot be translated: .*depends on data|NonZero/,
    inputs: { x: rows(3, 4) },
    spec: {
      nodes: [
        ["NonZero", ["x"], ["i"]],
        ["Cast", ["i"], ["y"], { to: 1 }],
      ],
      inputs: x,
      outputs: ["y"],
    },
  },
  "half precision at its ends": {
    reason: /is control flow$/,
    inputs: { x: rows(3, 4) },
    spec: {
      nodes: [
        [
          "If",
          ["c"],
          ["y"],
          {
            then_branch: branch({ nodes: [["Neg", ["x"], ["t"]]], outputs: { t: { type: 10, shape: ["batch", 4] } } }),
            else_branch: branch({ nodes: [["Neg", ["x"], ["e"]]], outputs: { e: { type: 10, shape: ["batch", 4] } } }),
          },
        ],
      ],
      weights: [{ ...isTrue, name: "c" }],
      inputs: { x: { type: 10, shape: ["batch", 4] } },
      outputs: { y: { type: 10, shape: ["batch", 4] } },
    },
  },
};

/** The file in the store, as a node holds it, and what it gives for some inputs. */
async function runFile(
  bytes: Uint8Array,
  inputs: Record<string, OnnxValue>,
  rowsAtATime = 0,
  onWarn: (message: string) => void = () => {},
) {
  const host = await testHost({ onWarn });
  const { signature } = await inspectModel(sourceOf(bytes));
  const request = { name: "model.onnx", ref: await host.put(bytes), files: [], signature, inputs, rows: rowsAtATime };
  const given = await host.runOnnx(request);
  const numeric = Object.entries(given).flatMap(([name, value]) => (Array.isArray(value) ? [] : [[name, value]]));
  return { signature, given, outputs: Object.fromEntries(numeric) as Record<string, Tensor> };
}

/** What ONNX Runtime gives for the file by itself. */
async function runRaw(bytes: Uint8Array, inputs: Record<string, Tensor>, signature: Signature) {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const feeds = Object.entries(inputs).map(([name, { dtype, data, shape }]) => {
    const isHalf = signature.inputs.find((port) => port.name === name)?.element === "float16";
    const given = isHalf ? Uint16Array.from(data as Float32Array, toHalf) : data;
    return [name, new ort.Tensor(isHalf ? "float16" : dtype, given as never, [...shape])];
  });
  return (await session.run(Object.fromEntries(feeds))) as Record<string, ort.Tensor>;
}

const numbersOf = ({ type, data }: ort.Tensor): number[] =>
  Array.from(data as ArrayLike<number | bigint>, (n) => (type === "float16" ? fromHalf(Number(n)) : Number(n)));

describe("a file that runs as it is", () => {
  it.each(Object.entries(cases))("%s gives what ONNX Runtime gives", async (_, { spec, inputs, reason }) => {
    const bytes = onnxFile(spec);
    const { signature, outputs } = await runFile(bytes, inputs);
    expect(signature.asIs).toMatch(reason);
    const expected = await runRaw(bytes, inputs, signature);
    expect(Object.keys(outputs)).toEqual(Object.keys(expected));
    for (const [name, tensor] of Object.entries(expected)) {
      expect(outputs[name]?.shape).toEqual(tensor.dims);
      expect(Array.from(outputs[name]?.data ?? [], Number)).toEqual(numbersOf(tensor));
    }
  });

  const fixed = (batch: number) =>
    onnxFile({
      nodes: [
        ["SequenceConstruct", ["x", "x"], ["s"]],
        ["ConcatFromSequence", ["s"], ["y"], { axis: 1 }],
      ],
      inputs: { x: [batch, 2] },
      outputs: { y: [batch, 4] },
    });
  it.each([1, 3, 4])("one of the fixed batch %s takes any number of rows", async (batch) => {
    const input = rows(7, 2);
    const { outputs } = await runFile(fixed(batch), { x: input });
    expect(outputs.y?.shape).toEqual([7, 4]);
    const row = (i: number) => [...input.data.slice(2 * i, 2 * i + 2)];
    expect([...(outputs.y?.data ?? [])]).toEqual(Array.from({ length: 7 }, (_, i) => [...row(i), ...row(i)]).flat());
  });
  it("is given as many rows at a time as asked", async () => {
    const bytes = onnxFile((cases["a sequence inside"] as Case).spec);
    const input = { x: rows(10, 4) };
    const [whole, parts] = [await runFile(bytes, input), await runFile(bytes, input, 3)];
    expect(parts.outputs).toEqual(whole.outputs);
  });
  it("takes single numbers and empty tensors, gives what has no type, and is fed what no op reads", async () => {
    const bytes = onnxFile({
      nodes: [
        ["SequenceConstruct", ["x", "empty"], ["s"]],
        ["ConcatFromSequence", ["s"], ["joined"], { axis: 0 }],
        ["Mul", ["joined", "factor"], ["y"]],
      ],
      inputs: { x: ["n", 2], empty: ["m", 2], factor: [], mask: { type: 6, shape: ["n", 8] } },
      outputs: ["y"],
      change: (model) => {
        if (model.graph?.output[0]) model.graph.output[0].type = undefined;
      },
    });
    const inputs = { x: floats([1, 2], [3, 4]), empty: floats([0, 2], []), factor: floats([], [2]) };
    const { signature, outputs } = await runFile(bytes, inputs);
    expect(signature.inputs.map((port) => port.unread)).toEqual([undefined, undefined, undefined, true]);
    expect(outputs).toEqual({ y: floats([1, 2], [6, 8]) });
  });
  it("may read nothing", async () => {
    const bytes = onnxFile({
      nodes: [
        ["SequenceConstruct", ["w"], ["s"]],
        ["ConcatFromSequence", ["s"], ["y"], { axis: 0 }],
      ],
      inputs: {},
      outputs: ["y"],
      weights: [floatTensor("w", [2], [1, 2])],
    });
    expect((await runFile(bytes, {})).outputs).toEqual({ y: floats([2], [1, 2]) });
  });
  it("is given parts of what is large, and that is told", async () => {
    const bytes = onnxFile({ ...(cases["a sequence inside"] as Case).spec, outputs: { y: ["batch", 8] } });
    const warnings: string[] = [];
    const large: Tensor = { dtype: "float32", shape: [4_200_000, 4], data: new Float32Array(4 * 4_200_000) };
    const { outputs } = await runFile(bytes, { x: large }, 0, (message) => warnings.push(message));
    expect(outputs.y?.shape).toEqual([4_200_000, 8]);
    expect(warnings).toEqual([expect.stringMatching(/^“model.onnx” is given 4194304 of 4200000 rows at a time/)]);
  });
  it("says so where its outputs have no row for each row that it was given at a time", async () => {
    const bytes = onnxFile((cases["a shape that depends on data"] as Case).spec);
    await expect(runFile(bytes, { x: rows(10, 4) }, 3)).rejects.toThrow(
      "“y” of “model.onnx” is [2, 11] for 3 rows: it has no row for each.",
    );
  });
  it("takes integers that fit its element type, and says which do not", async () => {
    const bytes = onnxFile({
      nodes: [
        ["SequenceConstruct", ["x"], ["s"]],
        ["ConcatFromSequence", ["s"], ["y"], { axis: 0 }],
      ],
      inputs: { x: { type: 6, shape: ["n"] } },
      outputs: { y: { type: 6, shape: ["n"] } },
    });
    const { outputs } = await runFile(bytes, { x: ids([3], [1, -2, 3]) });
    expect(outputs.y).toEqual(ids([3], [1, -2, 3]));
    await expect(runFile(bytes, { x: ids([1], [2 ** 31]) })).rejects.toThrow(
      "“x” holds 2147483648, and the file takes int32: -2147483648 to 2147483647.",
    );
  });
  it("tells which shape it takes where another one came", async () => {
    const bytes = onnxFile((cases["an If"] as Case).spec);
    await expect(runFile(bytes, { x: rows(3, 5) })).rejects.toThrow(
      "“x” of “model.onnx” takes [batch, 4], and [3, 5] came.",
    );
  });
  it("tells what ONNX Runtime cannot open", async () => {
    const bytes = onnxFile({ nodes: [["Frobnicate", ["x"], ["y"]]], inputs: x, outputs: ["y"] });
    await expect(runFile(bytes, { x: rows(3, 4) })).rejects.toThrow(
      "ONNX Runtime does not know the op “Frobnicate” of “model.onnx”.",
    );
  });
});

describe("a file of texts", () => {
  type Ports = FileSpec["outputs"];
  const texts = (...shape: (number | string)[]) => ({ type: 8, shape });
  /** Gives the numbers that its texts spell. */
  const numbersIn = (shape: (number | string)[], outputs: Ports = { y: shape }) =>
    onnxFile({ nodes: [["Cast", ["x"], ["y"], { to: 1 }]], inputs: { x: texts(...shape) }, outputs });
  const withoutArticles: NodeSpec = ["StringNormalizer", ["x"], ["y"], { is_case_sensitive: 1, stopwords: ["the"] }];
  /** Gives its texts but for one. */
  const articleless = (given: (number | string)[], taken = given) =>
    onnxFile({ nodes: [withoutArticles], inputs: { x: texts(...taken) }, outputs: { y: texts(...given) } });
  const spelled = (count: number) => Array.from({ length: count }, (_, i) => `${i + 0.5}`);
  const meant = (count: number) => Array.from({ length: count }, (_, i) => i + 0.5);

  const shapes: [string, (number | string)[], number[]][] = [
    ["one text", [], []],
    ["a list", ["N"], [6]],
    ["a column", ["N", 1, 1], [6, 1, 1]],
    ["one row of any length", [1, "N"], [1, 6]],
    ["three of each row", ["N", 3], [2, 3]],
    ["fixed sizes that are no batch", [2, 3], [2, 3]],
  ];
  it.each(shapes)("takes %s", async (_, declared, shape) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const outputs = declared[0] === 2 ? ["y"] : { y: declared };
    const { outputs: given } = await runFile(numbersIn(declared, outputs), { x: spelled(count) });
    expect(given).toEqual({ y: floats(shape, meant(count)) });
  });
  it("takes a list where its shape is not declared, and an empty one", async () => {
    const bytes = onnxFile({
      nodes: [["Cast", ["x"], ["y"], { to: 1 }]],
      inputs: { x: texts() },
      outputs: ["y"],
      change: (model) => {
        const type = model.graph?.input[0]?.type?.value;
        if (type?.case === "tensorType") type.value.shape = undefined;
      },
    });
    expect((await runFile(bytes, { x: spelled(2) })).outputs).toEqual({ y: floats([2], [0.5, 1.5]) });
    expect((await runFile(bytes, { x: [] })).outputs).toEqual({ y: floats([0], []) });
  });
  it("gives texts row by row", async () => {
    expect((await runFile(articleless(["M"], ["N"]), { x: ["the", "Çat", ""] })).given).toEqual({ y: ["Çat", ""] });
    const { given, signature } = await runFile(articleless([1, "M"], [1, "N"]), { x: ["A", "the", "B"] });
    expect(given).toEqual({ y: ["A", "B"] });
    expect(signature.asIs).toBe("“StringNormalizer” (node “node_0”) works on texts");
  });
  it.each([0, 2])("of a fixed batch takes any rows, and any number at a time (%s asked)", async (asked) => {
    const square = onnxFile({
      nodes: [
        ["Cast", ["x"], ["f"], { to: 1 }],
        ["Mul", ["f", "f"], ["m"]],
        ["Cast", ["m"], ["y"], { to: 8 }],
      ],
      inputs: { x: texts(2, 3) },
      outputs: { y: texts(2, 3), m: [2, 3] },
    });
    const { given } = await runFile(square, { x: ["1", "2", "3", "4", "5", "6", "7", "8", "9"] }, asked);
    const squares = [1, 4, 9, 16, 25, 36, 49, 64, 81];
    expect(given).toEqual({ y: squares.map(String), m: floats([3, 3], squares) });
  });
  it("is given as many rows at a time as asked, beside numbers of as many rows", async () => {
    const bytes = onnxFile({
      nodes: [
        ["Cast", ["x"], ["f"], { to: 1 }],
        ["Mul", ["f", "factor"], ["m"]],
        ["Cast", ["m"], ["y"], { to: 8 }],
      ],
      inputs: { x: texts("N", 2), factor: ["N", 1] },
      outputs: { y: texts("N", 2), m: ["N", 2] },
    });
    const inputs = { x: ["1", "2", "3", "4", "5", "6"], factor: floats([3, 1], [1, 10, 100]) };
    const { given } = await runFile(bytes, inputs, 2);
    expect(given).toEqual({ y: ["1", "2", "30", "40", "500", "600"], m: floats([3, 2], [1, 2, 30, 40, 500, 600]) });
    expect((await runFile(bytes, inputs)).given).toEqual(given);
  });
  it("is fed empty texts where no op reads them", async () => {
    const bytes = onnxFile({
      nodes: [withoutArticles],
      inputs: { x: texts("N"), unread: texts("N", "words") },
      outputs: { y: texts("N") },
    });
    expect((await runFile(bytes, { x: ["A"] })).given).toEqual({ y: ["A"] });
    expect((await runFile(bytes, { x: ["A"], unread: ["b", "c"] })).given).toEqual({ y: ["A"] });
  });
  it("says so where a document speaks of other ports than its own", async () => {
    const host = await testHost();
    const ref = await host.put(numbersIn(["N"]));
    const runAs = (port: InputPort, x: OnnxValue) => {
      const signature = { opset: 17, inputs: [port], outputs: [{ name: "y" }], asIs: "told" };
      return host.runOnnx({ name: "model.onnx", ref, files: [], signature, inputs: { x }, rows: 0 });
    };
    await expect(runAs({ name: "x", dtype: "float32" }, floats([1], [1]))).rejects.toMatchObject({
      public_: {
        port: "x",
        message: "“x” of the model takes texts, unlike the port of this node.",
        hint: "Upload the file again: its ports are read anew.",
      },
    });
    await expect(runAs({ name: "x", dtype: "string", shape: ["N", "words"] }, ["1"])).rejects.toMatchObject({
      public_: {
        port: "x",
        message:
          "“x” of “model.onnx” takes texts as [N, words], " +
          "and a list of texts does not say how many there are along each axis.",
      },
    });
  });

  const wrong: [(number | string)[], string, string][] = [
    [["N", 3], "[N, 3], row by row: a multiple of 3 texts", "Wire a multiple of 3 texts to it."],
    [[], "[], row by row: 1 text", "Wire 1 text to it."],
    [[2, 4], "[2, 4], row by row: 8 texts", "Wire 8 texts to it."],
  ];
  it.each(wrong)("of the shape %j says how many texts it takes where others came", async (shape, takes, hint) => {
    await expect(runFile(numbersIn(shape, { y: [] }), { x: spelled(5) })).rejects.toMatchObject({
      public_: { port: "x", message: `“x” of “model.onnx” takes texts as ${takes}, and 5 came.`, hint },
    });
  });
  it("says which port gives texts that its file does not declare", async () => {
    const bytes = onnxFile({
      nodes: [withoutArticles],
      inputs: { x: texts("N") },
      outputs: ["y"],
      change: (model) => {
        if (model.graph?.output[0]) model.graph.output[0].type = undefined;
      },
    });
    await expect(runFile(bytes, { x: ["A"] })).rejects.toMatchObject({
      public_: { port: "y", message: "“y” of the model gives texts, which its file does not declare." },
    });
  });
  it("tells which locale this machine lacks", async () => {
    const nodes: NodeSpec[] = [
      ["StringNormalizer", ["x"], ["y"], { case_change_action: "LOWER", locale: "xx_YY.UTF-8" }],
    ];
    const bytes = onnxFile({ nodes, inputs: { x: texts("N") }, outputs: { y: texts("N") } });
    await expect(runFile(bytes, { x: ["A"] })).rejects.toMatchObject({
      public_: {
        message: "“model.onnx” compares or changes letters as “xx_YY.UTF-8” does, a locale that this machine lacks.",
      },
    });
  });
  it("tells of a text that spells no number", async () => {
    await expect(runFile(numbersIn(["N"]), { x: ["one"] })).rejects.toThrow(
      /^“model\.onnx” fails on these inputs at its Cast “node_0”/,
    );
  });
});

it("A file of a fixed batch takes any, though what no op reads has other rows", async () => {
  const bytes = onnxFile({
    nodes: [["com.microsoft/Gelu", ["x"], ["y"]]],
    inputs: { x: [2, 1], like: [1] },
    outputs: { y: [2, 1] },
  });
  const { outputs } = await runFile(bytes, { x: floats([3, 1], [0, 0, 0]), like: floats([1], [7]) });
  expect(outputs).toEqual({ y: floats([3, 1], [0, 0, 0]) });
});

describe("a file whose weights lie in others", () => {
  const external = (name: string, place: Record<string, string>) =>
    create(TensorProtoSchema, {
      name,
      dataType: 1,
      dims: [4n, 3n],
      dataLocation: 1,
      externalData: Object.entries(place).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
    });
  const model = (place: Record<string, string>) =>
    onnxFile({
      nodes: [
        ["com.microsoft/FusedMatMul", ["x", "w"], ["m"], { alpha: { float: 2 } }],
        ["Relu", ["m"], ["y"]],
      ],
      weights: [external("w", place)],
      inputs: x,
      outputs: ["y"],
    });
  const signature: Signature = {
    opset: 17,
    inputs: [{ name: "x", dtype: "float32", shape: ["batch", 4] }],
    outputs: [{ name: "y" }],
    asIs: "told",
  };
  /** As a document may say it, whoever wrote that. */
  async function runPlaced(place: Record<string, string>, files: Record<string, Uint8Array>) {
    const host = await testHost();
    const stored = Object.entries(files).map(async ([path, bytes]) => ({ path, ref: await host.put(bytes) }));
    const ref = await host.put(model(place));
    const inputs = { x: floats([1, 4], [1, 0, 0, 0]) };
    return host.runOnnx({ name: "m.onnx", ref, files: await Promise.all(stored), signature, inputs, rows: 0 });
  }
  const numbers = new Uint8Array(Float32Array.from({ length: 12 }, (_, i) => i + 1).buffer);

  it("runs with them, from a folder or not", async () => {
    for (const location of ["w.bin", "deep/er/w.bin"]) {
      const { y } = await runPlaced({ location }, { [location]: numbers });
      expect(y).toEqual(floats([1, 3], [2, 4, 6]));
    }
    const shifted = await runPlaced(
      { location: "w", offset: "4", length: "48" },
      { w: Uint8Array.of(0, 0, 0, 0, ...numbers) },
    );
    expect(shifted.y).toEqual(floats([1, 3], [2, 4, 6]));
  });

  const wrong: [string, Record<string, string>, Record<string, Uint8Array>, RegExp][] = [
    ["leads out of the folder", { location: "../../etc/passwd" }, {}, /is no file in the folder of the model/],
    ["is absolute", { location: "/etc/passwd" }, { "/etc/passwd": numbers }, /is no file in the folder of the model/],
    [
      "names the runtime's memory",
      { location: "*/_ORT_MEM_ADDR_/*" },
      { "*/_ORT_MEM_ADDR_/*": numbers },
      /is no file in/,
    ],
    ["was not uploaded", { location: "w.bin" }, {}, /lie in w\.bin, which was not uploaded with the model/],
    ["begins far beyond the end", { location: "w.bin", offset: "99999999999999" }, { "w.bin": numbers }, /ends beyond/],
    [
      "was cut off",
      { location: "w.bin" },
      { "w.bin": numbers.subarray(0, 40) },
      /^The numbers of “w” in the file beside “m\.onnx” are not as many as the model says\.$/,
    ],
    [
      "is shorter than it says",
      { location: "w.bin", length: "4" },
      { "w.bin": numbers },
      /^The numbers of “w” in the file beside “m\.onnx” are not as many as the model says\.$/,
    ],
  ];
  it.each(wrong)("is refused where the other file %s", async (_, place, files, message) => {
    await expect(runPlaced(place, files)).rejects.toThrow(message);
  });
});
