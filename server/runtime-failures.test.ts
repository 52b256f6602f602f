import { describe, expect, it } from "vitest";
import { toPublic } from "./errors";
import { bytesText, explainRuntimeFailure, type FailedStep } from "./runtime-failures";

const step: FailedStep = {
  node: "head",
  title: "Linear probe",
  titles: new Map([["head", "Linear probe"]]),
  inputs: [
    {
      endpoint: "images.pixels",
      type: "tensor",
      dtype: "float32",
      shape: [64, 3, 32, 32],
      bytes: 64 * 3 * 32 * 32 * 4,
    },
    { endpoint: "data.text", type: "text", count: 64 },
  ],
};
const read = "It read images.pixels: float32 [64, 3, 32, 32], 768.0 KiB; data.text: 64 texts.";
const ort = (op: string, text: string) =>
  `Non-zero status code returned while running ${op} node. Name:'head/y' Status Message: /onnxruntime_src/core/x.cc:12 ${text}`;

describe("what a runtime says of a failure", () => {
  it.each([
    ["std::bad_alloc", /^The memory was not enough for Linear probe\./, /fewer rows/],
    [
      ort("MatMul", "Failed to allocate memory for requested buffer of size 3221225472"),
      /needs 3\.0 GiB at once at its MatMul/,
      /fewer rows/,
    ],
    ["Array buffer allocation failed", /memory was not enough/, /smaller/],
    ["CUDA error: out of memory", /memory was not enough/, /smaller/],
    ["data is too long", /Linear probe would make a single value that is too large/, /every tenth row/],
    ["Invalid typed array length: 9000000000", /too large to be held in one piece/, /fewer rows/],
    ["File size (3000000000) is greater than 2 GiB", /more than 2 GiB/, /smaller/],
    ["onnx.ModelProto exceeds maximum protobuf size of 2GB: 3000000000", /more than 2 GiB/, /smaller/],
    [
      ort("GatherElements", "indices element out of data bounds, idx=6 must be within the inclusive range [-5,4]"),
      /^Linear probe picks number 6 of 5, which are numbered from 0\./,
      /classes/,
    ],
    [
      ort("Add", "Attempting to broadcast an axis by a dimension other than 1. 4 by 3"),
      /shapes of what Linear probe reads do not go together at its Add\./,
      /wired to it/,
    ],
    [
      "[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Got invalid dimensions for input: pixels for the following indices index: 0 Got: 3 Expected: 4",
      /^Linear probe expects 4 along axis 0 of “pixels”, and 3 came\./,
      /size/,
    ],
    [
      "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for Asinh(9) node with name 'head/y'",
      /^Linear probe cannot be computed here at its Asinh: .*element types\./,
      /float32/,
    ],
    [
      "[ONNXRuntimeError] : 1 : FAIL : External data path validation failed",
      /A file with weights of Linear probe is missing/,
      /Upload/,
    ],
    [
      "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Load model from x failed:Protobuf parsing failed.",
      /could not be loaded/,
      /export/,
    ],
    ["WebGPU onnxruntime: device was lost", /GPU stopped answering/, /checkpoint/],
    ["CUDA failure 719: unspecified launch failure", /GPU stopped answering/, /CPU/],
    ["onnxruntime: WebGPU requires f16 but the device does not support it", /half precision/, /float32/],
    [
      "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : something new",
      /^Linear probe failed in a way that was not foreseen\./,
      /report it/,
    ],
  ])("is a sentence with a remedy: %s", (said, message, hint) => {
    const shown = toPublic(new Error(said), step);
    expect([shown.node, shown.message, shown.hint]).toEqual([
      "head",
      expect.stringMatching(message),
      expect.stringMatching(hint),
    ]);
    expect(shown.message).not.toMatch(/ONNXRuntimeError|status code|\.cc|onnxruntime_src|defect/i);
    expect(shown.details?.reason).toBeTruthy();
    expect(JSON.stringify(shown)).not.toContain("onnxruntime_src");
  });

  it("comes with what the node read: element types, shapes, bytes", () => {
    const { message, details } = toPublic(new RangeError("Invalid array length"), step);
    expect(message).toContain(read);
    expect(details).toMatchObject({ "images.pixels": "images.pixels: float32 [64, 3, 32, 32], 768.0 KiB" });
  });

  it("names the node of a region at whose op it failed", () => {
    const region: FailedStep = {
      title: "Encoder + Linear probe",
      titles: new Map([
        ["encoder", "Encoder"],
        ["head", "Linear probe"],
      ]),
    };
    expect(explainRuntimeFailure(new Error(ort("Add", "broadcast")), region)).toMatchObject({
      node: "head",
      message: "The shapes of what Linear probe reads do not go together at its Add.",
    });
    expect(explainRuntimeFailure(new Error("std::bad_alloc"), region).message).toBe(
      "The memory was not enough for Encoder + Linear probe.",
    );
  });

  it("is not taken from a node's own sentence, whatever words are in it", () => {
    const own = "Row 7 is out of range: the folder has 3 rows.";
    expect(toPublic(new Error(own), step)).toEqual({ node: "head", message: own, hint: undefined });
  });

  it("never blames Patchbay for what went in", () => {
    const thrown = [new Error("x"), new TypeError("x"), "text", null, undefined, { a: 1 }];
    for (const error of thrown) expect(JSON.stringify(toPublic(error, step))).not.toMatch(/defect/);
  });
});

it("bytes are said in the unit that suits them", () => {
  expect([0, 512, 1536, 3 * 2 ** 20, 5.5 * 2 ** 30].map(bytesText)).toEqual([
    "0 bytes",
    "512 bytes",
    "1.5 KiB",
    "3.0 MiB",
    "5.5 GiB",
  ]);
});
