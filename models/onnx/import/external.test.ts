import { create } from "@bufbuild/protobuf";
import { type ModelProto, StringStringEntryProtoSchema, type TensorProto, TensorProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { branch, onnxFile, wave } from "#tests/kit/onnx-file";
import { type Beside, pathInFolder } from "./external";
import { sourceOf } from "./fields";
import { inspectModel } from "./inspect";
import { readModel } from "./read";
import { isImportable } from "./translate";

/** A tensor without its numbers, which lie somewhere else. */
const placed = (name: string, dims: readonly number[], place: Record<string, string>): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dataType: 1,
    dims: dims.map(BigInt),
    dataLocation: 1,
    externalData: Object.entries(place).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  });
const linear = (place: Record<string, string>, change?: (model: ModelProto) => void): Uint8Array =>
  onnxFile({
    nodes: [["MatMul", ["x", "w"], ["y"]]],
    inputs: { x: ["batch", 3] },
    outputs: ["y"],
    weights: [placed("w", [3, 2], place)],
    change,
  });
const numbers = new Uint8Array(wave("w", 3, 2).rawData);
const file =
  (bytes: Uint8Array): Beside =>
  async (path) =>
    path === "w.bin" ? sourceOf(bytes) : undefined;
const inspect = (bytes: Uint8Array, beside: Beside) => inspectModel(sourceOf(bytes), beside);

describe("weights in another file", () => {
  it("are read from where they lie, and the file is told", async () => {
    const bytes = linear({ location: "./w.bin", offset: "8", length: "24" });
    const beside = file(Uint8Array.of(...new Array(8).fill(1), ...numbers));
    expect(await inspect(bytes, beside)).toMatchObject({ files: ["w.bin"], signature: { rowwise: true } });
    const { initializers } = await readModel(sourceOf(bytes), isImportable, { beside });
    expect(initializers.get("w")?.data).toEqual(new Float32Array(numbers.slice().buffer));
  });
  it("must be chosen together with the model", async () => {
    await expect(inspect(linear({ location: "w.bin" }), async () => undefined)).rejects.toMatchObject({
      message: "The weights lie in w.bin: choose it together with the model.",
      hint: "Choose or drop both files, their folder, or a .zip of it.",
    });
  });
  it("of a branch or of an attribute are found too", async () => {
    const hidden = placed("v", [2], { location: "hidden.bin" });
    const bytes = onnxFile({
      nodes: [["If", ["c"], ["y"], { then_branch: branch({ nodes: [], weights: [hidden] }) }]],
      inputs: { c: { type: 9, shape: [] } },
      outputs: ["y"],
    });
    await expect(inspect(bytes, async () => undefined)).rejects.toThrow("The weights lie in hidden.bin");
    const constant = onnxFile({ nodes: [["Constant", [], ["y"], { value: hidden }]], inputs: {}, outputs: ["y"] });
    await expect(inspect(constant, async () => undefined)).rejects.toThrow("The weights lie in hidden.bin");
    expect((await inspect(constant, async () => sourceOf(numbers))).signature.asIs).toMatch(/in another file$/);
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    [
      "a folder above",
      { location: "../../etc/passwd" },
      /lies in “\.\.\/\.\.\/etc\/passwd”, which is no file in the fol/,
    ],
    ["an absolute path", { location: "/etc/passwd" }, /is no file in the folder/],
    ["a path of Windows", { location: "C:\\secret" }, /is no file in the folder/],
    ["the runtime's name for its memory", { location: "*/_ORT_MEM_ADDR_/*", offset: "1" }, /is no file in the folder/],
    ["nowhere", { offset: "0" }, /lies in “”, which is no file/],
    ["a NUL", { location: "w.bin\0" }, /is no file in the folder/],
    [
      "a place beyond the file",
      { location: "w.bin", offset: "999999999999" },
      /24 bytes from byte 999999999999 of w\.bin/,
    ],
    ["a place that is no number", { location: "w.bin", offset: "-8" }, /lies at offset “-8”/],
    ["more than the tensor has", { location: "w.bin", length: "23" }, /takes 24 bytes, and the file says 23/],
    [
      "a file that was cut off",
      { location: "w.bin", offset: "4" },
      /24 bytes from byte 4 of w\.bin, and that file has 24/,
    ],
  ];
  it.each(wrong)("that lie in %s are refused", async (_, place, message) => {
    await expect(inspect(linear(place), file(numbers))).rejects.toThrow(message);
    await expect(inspect(linear(place), file(numbers))).rejects.toMatchObject({ name: "OnnxError" });
  });
  it("have paths with one meaning", () => {
    expect(pathInFolder({ tensor: "w", location: "./a/./b c.bin" })).toBe("a/b c.bin");
    for (const location of ["", ".", "a//b", "a/../b", "a\nb", `${"a/".repeat(20)}b`])
      expect(() => pathInFolder({ tensor: "w", location }), location).toThrow("is no file in the folder");
  });
});
