import { describe, expect, it } from "vitest";
import { jointIndex, pictureIndex, tableRows, textIndex } from "#models/blocks/multiway";
import { floats, ids, runTensorNode } from "#tests/kit/run-node";
import { colourWords } from "../image/colour-words";
import { hidePatches } from "./hide-patches";
import { multiwayTransformer } from "./multiway-transformer";
import { patchTokens } from "./patch-tokens";
import { pickMasked } from "./pick-masked";
import { relativePositionBias } from "./relative-position-bias";
import { scaledSimilarity } from "./scaled-similarity";

const numbers = (tensor: { data: ArrayLike<number | bigint> } | undefined) => Array.from(tensor?.data ?? [], Number);
const base = { side: 14, firstTextLength: 196 };

describe("VLMo's table of positions", () => {
  it("has 1126 rows for 14 × 14 patches and texts of 196", () => expect(tableRows(base)).toBe(1126));
  it("tells words by how far on the key lies, [CLS] by rows of its own", () => {
    const index = textIndex(40, base);
    expect([index[0]?.[1], index[1]?.[0], index[0]?.[0]]).toEqual([1123, 1124, 1125]);
    expect([index[1]?.[1], index[39]?.[1], index[1]?.[39]]).toEqual([928, 890, 966]);
  });
  it("tells patches by how far back the key lies, the class token by rows of its own", () => {
    const index = pictureIndex(14);
    expect([index[0]?.[1], index[1]?.[0], index[0]?.[0]]).toEqual([729, 730, 731]);
    // The patch below and to the right of the first, from it and to it.
    expect([index[1]?.[16], index[16]?.[1]]).toEqual([12 * 27 + 12, 14 * 27 + 14]);
  });
  it("has one row for words that look at patches, and one for the other way", () => {
    const index = jointIndex(40, base);
    expect([index[0]?.[40], index[39]?.[236], index[40]?.[0]]).toEqual([732, 732, 733]);
  });
  it("gives each block and head its column", async () => {
    const params = { kind: "text", layers: 2, heads: 2, side: 1, words: 2, firstLength: 2 };
    const rows = tableRows({ side: 1, firstTextLength: 2 });
    const table = Array.from({ length: rows * 4 }, (_, i) => i);
    const weights = { relative_position_bias_table: table };
    const { outputs } = await runTensorNode(relativePositionBias, {}, params, { weights });
    const last = (rows - 1) * 4;
    expect(outputs.bias?.shape).toEqual([2, 2, 2, 2]);
    // [CLS] with itself, in both blocks and heads.
    expect([0, 4, 8, 12].map((i) => numbers(outputs.bias)[i])).toEqual([last, last + 1, last + 2, last + 3]);
  });
});

describe("a multiway transformer", () => {
  const tokens = floats(
    [1, 3, 8],
    Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  );
  const params = { layers: 2, heads: 2, vl: 1, words: 1 };
  const namesIn = async (mode: string, more = {}) =>
    Object.keys((await runTensorNode(multiwayTransformer, { tokens }, { ...params, mode, ...more })).parameters);
  it("reads the experts of its modality, and the third in the last blocks alone", async () => {
    const experts = (names: string[]) => names.filter((name) => name.endsWith("fc1.weight"));
    expect(experts(await namesIn("image"))).toEqual(["blocks.0.mlp_imag.fc1.weight", "blocks.1.mlp_imag.fc1.weight"]);
    expect(experts(await namesIn("vl"))).toEqual([
      "blocks.0.mlp_text.fc1.weight",
      "blocks.0.mlp_imag.fc1.weight",
      "blocks.1.mlp_vl.fc1.weight",
    ]);
    expect(experts(await namesIn("plain"))).toEqual(["blocks.0.mlp.fc1.weight", "blocks.1.mlp.fc1.weight"]);
  });
  it("goes on from the state below the third experts", async () => {
    const whole = await runTensorNode(multiwayTransformer, { tokens }, { ...params, mode: "vl" });
    const below = whole.outputs.below as typeof tokens;
    const rest = await runTensorNode(multiwayTransformer, { tokens: below }, { ...params, mode: "vl", first: 1 });
    expect(numbers(rest.outputs.tokens)).toEqual(numbers(whole.outputs.tokens));
    expect(numbers(whole.outputs.after_2)).toEqual(numbers(whole.outputs.hidden));
  });
  it("does not see what is masked", async () => {
    const mask = ids([1, 3], [1, 1, 0]);
    const other = floats(
      [1, 3, 8],
      numbers(tokens).map((x, i) => (i < 16 ? x : x + 5)),
    );
    const seen = async (from: typeof tokens) =>
      numbers(
        (await runTensorNode(multiwayTransformer, { tokens: from, mask }, { ...params, mode: "text" })).outputs.tokens,
      );
    expect((await seen(other)).slice(0, 16)).toEqual((await seen(tokens)).slice(0, 16));
  });
});

it("is refused where heads or patches do not divide what they share", async () => {
  const tokens = floats([1, 1, 8], Array(8).fill(1));
  await expect(runTensorNode(multiwayTransformer, { tokens }, { layers: 1, heads: 3, vl: 1 })).rejects.toThrow(
    "the width 8 is not divisible by 3 heads",
  );
  const pixels = floats([1, 3, 2, 3], Array(18).fill(1));
  await expect(runTensorNode(patchTokens, { pixels }, { patch: 2, width: 8 })).rejects.toThrow(
    "pictures of 3 × 2 cannot be cut into patches of 2",
  );
});

describe("masked pictures", () => {
  const masked = ids([2, 4], [0, 1, 0, 1, 1, 1, 0, 0]);
  it("hide the patches that are first in the drawn order", async () => {
    const order = ids([2, 4], [3, 0, 2, 1, 0, 1, 2, 3]);
    expect(numbers((await runTensorNode(hidePatches, { order }, { count: 2 })).outputs.masked)).toEqual(
      numbers(masked),
    );
  });
  it("show a mask token in their place", async () => {
    const pixels = floats([1, 3, 2, 2], Array<number>(12).fill(1));
    const token = Array.from({ length: 8 }, (_, i) => i);
    const { outputs } = await runTensorNode(
      patchTokens,
      { pixels, masked: ids([1, 4], [0, 1, 0, 0]) },
      { patch: 1, width: 8 },
      { weights: { mask_token: token } },
    );
    expect(numbers(outputs.tokens).slice(16, 24)).toEqual(token);
  });
  it("are asked for from left to right, row behind row", async () => {
    const tokens = floats([2, 5, 1], [99, 0, 1, 2, 3, 99, 4, 5, 6, 7]);
    const labels = ids([2, 4], [0, 1, 2, 3, 4, 5, 6, 7]);
    const { outputs } = await runTensorNode(pickMasked, { tokens, labels, masked }, { count: 2 });
    expect(numbers(outputs.features)).toEqual([1, 3, 4, 5]);
    expect(numbers(outputs.labels)).toEqual([1, 3, 4, 5]);
  });
  it("have a word for the mean colour of each patch", async () => {
    const plane = (x: number) => [x, x, -1, -1];
    const pixels = floats([1, 3, 2, 2], [...plane(1), ...plane(0), ...plane(-1)]);
    const { outputs } = await runTensorNode(colourWords, { pixels }, { patch: 1, levels: 3 });
    expect(numbers(outputs.words)).toEqual([2 * 9 + 3, 2 * 9 + 3, 0, 0]);
  });
});

describe("similarity times scale", () => {
  it("starts at 1/0.07 and is no parameter of a scope", async () => {
    const x = floats([1, 2], [1, 0]);
    const { outputs, parameters } = await runTensorNode(scaledSimilarity, { x, y: floats([2, 2], [1, 0, 0, 1]) });
    expect(numbers(outputs.logits)).toEqual([expect.closeTo(1 / 0.07, 4), 0]);
    expect(Object.keys(parameters)).toEqual(["logit_scale"]);
  });
});
