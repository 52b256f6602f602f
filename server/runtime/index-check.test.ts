import { describe, expect, it } from "vitest";
import type { IndexBound } from "#models/onnx/index-bounds";
import type { Tensor } from "#nodes/core/values";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { toPublic } from "../errors";
import { checkIndices } from "./index-check";

const none = { nodes: new Map() } as unknown as ResolvedGraph;
const labels: IndexBound = { input: "x", least: 0, size: 5, spared: [-100], picks: "places", scope: "loss" };
const int64 = (list: readonly number[], shape = [list.length]): Tensor => ({
  dtype: "int64",
  shape,
  data: BigInt64Array.from(list, BigInt),
});
const check = (tensor: Tensor, bound = labels, rows?: number[]) => checkIndices([bound], () => tensor, none, rows);

describe("labels and ids", () => {
  it("pass within the bounds, and where they are spared", () => {
    expect(() => check(int64([0, 4, -100, 3]))).not.toThrow();
    expect(() => check(int64([-5, 4]), { ...labels, least: -5 })).not.toThrow();
    expect(() => check({ dtype: "int32", shape: [2], data: Int32Array.of(0, 4) })).not.toThrow();
  });
  it.each([
    [int64([0, 5, 6, 1]), "Label 6 is no class: the head gives 5. It is in row 3 of x."],
    [int64([0, -1]), "Label -1 is no class: the head gives 5. It is in row 2 of x."],
    [int64([0, 2 ** 32]), "Label 4294967296 is no class"],
    [int64([0, -(2 ** 40)]), "Label -1099511627776 is no class"],
    [{ dtype: "int32", shape: [1], data: Int32Array.of(9) } as Tensor, "Label 9 is no class"],
  ])("beyond them are told with their row", (tensor, message) => expect(() => check(tensor)).toThrow(message));
  it("of a batch are told with the row of the data", () =>
    expect(() => check(int64([0, 0, 0, 9], [2, 2]), labels, [7, 40])).toThrow("row 41"));
  it("beyond a vocabulary are told as such", () => {
    const bound: IndexBound = { ...labels, size: 600, picks: "rows of weights" };
    expect(() => check(int64([1, 700], [1, 2]), bound)).toThrow(
      "Token id 700 is beyond the vocabulary: the table has 600 rows, 0 to 599. It is in row 1 of x.",
    );
  });
  it("are told when a text model reads them, before anything is computed", async () => {
    const document = graph(
      {
        text: ["text.input", { text: "red apple" }],
        tokenizer: ["text.load-tokenizer"],
        ids: ["text.tokenize", { length: 8 }],
        model: ["model.text-transformer", { vocabulary: 520, width: 16, layers: 1, heads: 2 }],
        norm: ["model.l2-normalize"],
      },
      [
        "text.text -> ids.text",
        "tokenizer.tokenizer -> ids.tokenizer",
        "ids.ids -> model.ids",
        "model.features -> norm.embedding",
      ],
    );
    const { error } = await runDocument(document, await temporaryFolder());
    expect(error).toMatchObject({
      node: "model",
      message: expect.stringMatching(/^Token id \d+ is beyond the vocabulary: the table has 520 rows/),
      hint: expect.stringContaining("Set the model's vocabulary to at least"),
    });
  });
  it("that only the runtime could see are told in words", () => {
    const raw =
      "Non-zero status code returned while running Gather node. Name:'' Status Message: indices element out of data " +
      "bounds, idx=6 must be within the inclusive range [-5,4]";
    const { message, hint } = toPublic(new Error(raw), { node: "loss", title: "Cross-entropy loss" });
    expect(message).toBe("Cross-entropy loss picks number 6 of 5, which are numbered from 0.");
    expect(hint).not.toContain("defect");
  });
});
