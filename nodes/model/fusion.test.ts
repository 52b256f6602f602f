/** Nodes of ALBEF and BLIP: worked numbers of their papers' code, and what the draws choose. */
import { describe, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { floats, ids, runNode, runTensorNode } from "#tests/kit/run-node";
import { bootstrap } from "../data/bootstrap";
import { keptPairs } from "../data/kept-pairs";
import { noiseInjector } from "../data/noise-injector";
import { matched } from "../eval/matched";
import { softTarget } from "../loss/soft-target";
import { firstToken } from "../text/first-token";
import { startTokens } from "../text/start-tokens";
import { ramp } from "../train/ramp";
import { bert } from "./bert";
import { fifoQueue } from "./fifo-queue";
import { hardNegatives } from "./hard-negatives";
import { linear } from "./linear";
import { matchingPairs } from "./matching-pairs";
import { matchingScores } from "./matching-scores";
import { pairSimilarity } from "./pair-similarity";
import { sameIds } from "./same-ids";
import { temperatureSimilarity } from "./temperature-similarity";
import { timmVit } from "./timm-vit";
import { wordHead } from "./word-head";

/** Two pictures, two texts and one text of the queue, as cosines; over a temperature of 0.5. */
const student = [0.8, 0.1, 0.3, 0.2, 0.6, 0.5].map((cosine) => cosine / 0.5);
const teacher = [0.7, 0.2, 0.4, 0.1, 0.7, 0.6].map((cosine) => cosine / 0.5);

const numbers = (tensor: { data: ArrayLike<number | bigint> } | undefined): number[] =>
  Array.from(tensor?.data ?? [], Number);

function expectNear(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, number] of wanted.entries()) expect(got[i]).toBeCloseTo(number, 5);
}

describe("momentum distillation", () => {
  const inputs = { logits: floats([2, 3], student), teacher: floats([2, 3], teacher) };
  const targets = [0.808693, 0.076774, 0.114533, 0.056831, 0.788686, 0.154483];

  it("mixes targets from a teacher's opinion and the truth", async () => {
    const { outputs } = await runTensorNode(softTarget, inputs, { alpha: 0.4, symmetric: false });
    expectNear(numbers(outputs.targets), targets);
    expectNear(numbers(outputs.loss), [(0.701027 + 0.895286) / 2]);
  });
  it("takes α as an input in place of its parameter", async () => {
    const alpha = floats([], [0.4]);
    const { outputs } = await runTensorNode(softTarget, { ...inputs, alpha }, { alpha: 0, symmetric: false });
    expectNear(numbers(outputs.targets), targets);
  });
  it("has an α that rises over BLIP's first two epochs", async () => {
    const batches = 4;
    const valueAfter = async (count: number) => {
      const weights = { batches: [count] };
      const { outputs } = await runTensorNode(ramp, {}, { value: 0.4, steps: 2 * batches }, { weights });
      return numbers(outputs.value)[0] as number;
    };
    expectNear(await Promise.all([0, 2, 4, 6, 8, 20].map(valueAfter)), [0, 0.1, 0.2, 0.3, 0.4, 0.4]);
  });
});

describe("hard negatives", () => {
  const logits = floats([2, 3], student);

  it("weighs the batch's own columns, and never the pair itself", async () => {
    const { outputs } = await runTensorNode(hardNegatives, { logits, draws: floats([2], [0.5, 0.5]) });
    const other = 1 - 0.802184;
    expect(numbers(outputs.chances)[1]).toBeCloseTo(other, 5);
    expect([0, 3].map((i) => numbers(outputs.chances)[i])).toEqual([0, 0]);
    expect(numbers(outputs.index)).toEqual([1, 0]);
  });
  it("adds BLIP's floor before the pair is taken away", async () => {
    const { outputs } = await runTensorNode(
      hardNegatives,
      { logits, draws: floats([2], [0, 0.999999]) },
      { floor: 1e-4 },
    );
    expect(numbers(outputs.chances)[1]).toBeCloseTo(1 - 0.802184 + 1e-4, 5);
  });
  it("takes the first whose weights together exceed the draw, one of the batch even for the last draw", async () => {
    const even = floats([4, 4], Array(16).fill(0));
    const indexFor = async (draw: number) => {
      const { outputs } = await runTensorNode(hardNegatives, { logits: even, draws: floats([4], Array(4).fill(draw)) });
      return numbers(outputs.index);
    };
    expect(await indexFor(0)).toEqual([1, 0, 0, 0]);
    expect(await indexFor(0.4)).toEqual([2, 2, 1, 1]);
    expect(await indexFor(1 - 2 ** -24)).toEqual([3, 3, 3, 2]);
  });
  it("weighs the others among themselves where nothing is left for them in float32", async () => {
    const certain = floats([3, 3], [200, 0, 1, 0, 200, 1, 0, 90, 200]);
    for (const floor of [0, 1e-30]) {
      const draws = floats([3], [0.2, 0.5, 0.5]);
      const { outputs } = await runTensorNode(hardNegatives, { logits: certain, draws }, { floor });
      expect(numbers(outputs.index)).toEqual([1, 2, 1]);
    }
  });
  it("make three times as many pairs, the matching ones first", async () => {
    const { outputs, types } = await runTensorNode(matchingPairs, {
      texts: ids([2, 2], [1, 2, 3, 4]),
      mask: ids([2, 2], [1, 1, 1, 0]),
      images: floats([2, 1, 1], [10, 20]),
      otherImage: ids([2], [1, 0]),
      otherText: ids([2], [1, 0]),
    });
    expect(numbers(outputs.texts)).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 3, 4, 1, 2]);
    expect(numbers(outputs.mask)).toEqual([1, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1]);
    expect(numbers(outputs.images)).toEqual([10, 20, 20, 10, 10, 20]);
    expect(numbers(outputs.labels)).toEqual([1, 1, 0, 0, 0, 0]);
    expect(types.images).toEqual([6, 1, 1]);
  });
});

describe("similarities", () => {
  const x = floats([1, 2], [1, 0]);
  const y = floats([2, 2], [1, 0, 0.6, 0.8]);

  it("are divided by the temperature", async () => {
    const { outputs } = await runTensorNode(temperatureSimilarity, { x, y }, {}, { weights: { temp: [0.2] } });
    expectNear(numbers(outputs.logits), [5, 3]);
    expectNear(numbers(outputs.temperature), [0.2]);
  });
  it("of pairs are of rows of one number", async () => {
    const { outputs } = await runTensorNode(pairSimilarity, { x: y, y: floats([2, 2], [1, 0, 1, 0]) });
    expectNear(numbers(outputs.similarity), [1, 0.6]);
  });
  it("of pairs become scores of no match and match, by a learned scale and bias", async () => {
    const similarity = floats([3], [1, 0.6, -0.5]);
    const fresh = await runTensorNode(matchingScores, { similarity }, {}, { symbolic: true });
    expectNear(numbers(fresh.outputs.logits), [0, 10, 0, 6, 0, -5]);
    expect(fresh.parameters).toEqual({ logit_scale: [], logit_bias: [] });
    const weights = { logit_scale: [Math.log(2)], logit_bias: [-1] };
    const learned = await runTensorNode(matchingScores, { similarity }, {}, { weights });
    expectNear(numbers(learned.outputs.logits), [0, 1, 0, 0.2, 0, -2]);
  });
});

describe("a queue", () => {
  it("comes behind the batch, in the order of its places", async () => {
    const embedding = floats([1, 2], [1, 2]);
    const weights = { embeddings: [3, 5, 4, 6] };
    const { outputs } = await runTensorNode(fifoQueue, { embedding }, { length: 2 }, { weights });
    expect(numbers(outputs.embeddings)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("a queue that waits", () => {
  it("gives the batch's own embeddings again until so many batches were taken", async () => {
    const embedding = floats([2, 1], [1, 2]);
    const taken = async (batches: number) => {
      const weights = { embeddings: [7, 8, 9], embeddings_batches: [batches] };
      const { outputs } = await runTensorNode(
        fifoQueue,
        { embedding },
        { length: 3, waits: 2 },
        { weights, training: true, symbolic: true },
      );
      return numbers(outputs.embeddings);
    };
    expect([await taken(0), await taken(1)]).toEqual([
      [1, 2, 1, 2, 1],
      [1, 2, 1, 2, 1],
    ]);
    expect(await taken(2)).toEqual([1, 2, 7, 8, 9]);
  });
});

describe("pictures with several texts", () => {
  const even = floats([3, 5], Array(15).fill(0));

  it("have as many right columns, of the batch and of the queue, and none of them is a negative", async () => {
    const batch = { ids: ids([3], [7, 7, 8]) };
    const { outputs: told } = await runTensorNode(sameIds, batch, { length: 2 }, { weights: { queued: [8, -100] } });
    const same = told.same as Tensor;
    expect(numbers(same)).toEqual([1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0]);

    const scores = { logits: even, teacher: even, same };
    const { outputs: mixed } = await runTensorNode(softTarget, scores, { alpha: 0.4, symmetric: false });
    const half = 0.4 / 5 + 0.6 / 2;
    const first = [half, half, 0.08, 0.08, 0.08];
    expectNear(numbers(mixed.targets), [...first, ...first, 0.08, 0.08, half, half, 0.08]);

    const drawn = { logits: even, draws: floats([3], [0, 0.5, 0.6]), same };
    const { outputs: negatives } = await runTensorNode(hardNegatives, drawn);
    expectNear(numbers(negatives.chances), [0, 0, 1 / 3, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0]);
    expect(numbers(negatives.index)).toEqual([2, 2, 1]);
  });
});

describe("parameters", () => {
  it("of the picture encoder bear timm's names", async () => {
    const params = { patch: 8, width: 8, layers: 1, heads: 2 };
    const { parameters, types } = await runTensorNode(
      timmVit,
      { pixels: floats([1, 3, 16, 16], Array(768).fill(1)) },
      params,
    );
    expect(parameters).toMatchObject({
      cls_token: [1, 1, 8],
      pos_embed: [1, 5, 8],
      "patch_embed.proj.weight": [8, 3, 8, 8],
      "blocks.0.attn.qkv.weight": [24, 8],
      "blocks.0.mlp.fc1.weight": [32, 8],
      "norm.bias": [8],
    });
    expect(types.tokens).toEqual([1, 5, 8]);
  });
  it("of text layers bear BERT's, with cross-attention from the fusion layer on where there is a context", async () => {
    const params = { vocabulary: 9, width: 8, heads: 2, layers: 2, fusion: 1, positions: 6, types: 2 };
    const inputs = {
      ids: ids([1, 3], [1, 2, 3]),
      mask: ids([1, 3], [1, 1, 0]),
      context: floats([1, 2, 4], Array(8).fill(1)),
    };
    const { parameters } = await runTensorNode(bert, inputs, params);
    expect(Object.keys(parameters).filter((name) => name.includes("crossattention.self.key"))).toEqual([
      "encoder.layer.1.crossattention.self.key.weight",
      "encoder.layer.1.crossattention.self.key.bias",
    ]);
    expect(parameters["encoder.layer.1.crossattention.self.key.weight"]).toEqual([8, 4]);
    expect(parameters["embeddings.token_type_embeddings.weight"]).toEqual([2, 8]);
  });
  it("are not made of text layers that would read no context that comes in", async () => {
    const params = { width: 8, heads: 2, layers: 2, fusion: 2 };
    const inputs = { hidden: floats([1, 1, 8], Array(8).fill(1)), context: floats([1, 2, 4], Array(8).fill(1)) };
    await expect(runTensorNode(bert, inputs, params)).rejects.toThrow("none of its 2 layers reads the context");
  });
  it("of a cross-attention that is skipped are there in a training all the same", async () => {
    const params = { vocabulary: 9, width: 8, heads: 2, layers: 1, positions: 6, contextWidth: 4 };
    const inputs = { ids: ids([1, 3], [1, 2, 3]) };
    const keysOf = async (training: boolean) =>
      Object.keys((await runTensorNode(bert, inputs, params, { training })).parameters).filter((name) =>
        name.includes("crossattention"),
      ).length;
    expect([await keysOf(true), await keysOf(false)]).toEqual([10, 0]);
  });
  it("of a linear layer are its scope's", async () => {
    const { parameters } = await runTensorNode(linear, { features: floats([1, 3], [1, 2, 3]) }, { width: 2 });
    expect(parameters).toEqual({ weight: [2, 3], bias: [2] });
  });
  it("of a word head are BERT's", async () => {
    const { parameters } = await runTensorNode(
      wordHead,
      { hidden: floats([1, 1, 4], [1, 2, 3, 4]) },
      { vocabulary: 5 },
    );
    expect(parameters).toMatchObject({ "decoder.weight": [5, 4], bias: [5], "transform.dense.weight": [4, 4] });
  });
});

describe("BLIP's texts", () => {
  it("have the token of their task in the first place, and ask for nothing behind their end", async () => {
    const inputs = { ids: ids([1, 4], [2, 7, 3, 0]), mask: ids([1, 4], [1, 1, 1, 0]) };
    const { outputs } = await runTensorNode(firstToken, inputs, { token: 99 });
    expect(numbers(outputs.ids)).toEqual([99, 7, 3, 0]);
    expect(numbers(outputs.labels)).toEqual([99, 7, 3, -100]);
  });
  it("that are written begin with one token for each picture", async () => {
    const pixels = { dtype: "uint8" as const, shape: [3, 1, 1, 3], data: new Uint8Array(9) };
    const made = await runNode(startTokens, { image: { pixels } }, { token: 5 });
    expect([numbers(made.ids), numbers(made.mask)]).toEqual([
      [5, 5, 5],
      [1, 1, 1],
    ]);
  });
});

describe("CapFilt", () => {
  const picture = (value: number) => Array(3).fill(value);
  const pixels = (values: number[]) => ({
    pixels: {
      dtype: "uint8" as const,
      shape: [values.length, 1, 1, 3],
      data: Uint8Array.from(values.flatMap(picture)),
    },
  });

  it("keeps what matches", async () => {
    const { outputs } = await runTensorNode(matched, { logits: floats([2, 2], [0.2, 1.1, 1.1, 0.2]) });
    expectNear(numbers(outputs.probability), [0.71095, 1 - 0.71095]);
    expect(numbers(outputs.keep)).toEqual([1, 0]);
  });
  it("puts together what is kept of both kinds of text, and what people wrote", async () => {
    const { pairs } = await runNode(keptPairs, { keep: [ids([3], [1, 0, 1]), ids([3], [1, 1, 0])] });
    expect(numbers(pairs)).toEqual([0, 0, 0, 1, 1, 1, 2, 0]);
    const made = await runNode(bootstrap, {
      image: pixels([1, 2, 3]),
      web: ["w0", "w1", "w2"],
      synthetic: ["s0", "s1", "s2"],
      pairs,
      humanImage: pixels([9]),
      human: ["h"],
    });
    expect(made.text).toEqual(["w0", "s0", "s1", "w2", "h"]);
    expect(made.source).toEqual(["web", "synthetic", "synthetic", "web", "human"]);
    expect("pixels" in made.image && Array.from(made.image.pixels.data as Uint8Array)).toEqual(
      [1, 1, 2, 3, 9].flatMap(picture),
    );
  });
  it("keeps all where no filter looked", async () => {
    const made = await runNode(bootstrap, { image: pixels([1, 2]), web: ["a", "b"] });
    expect(made.text).toEqual(["a", "b"]);
  });
  it("refuses filters of different rows", async () => {
    const keep = [ids([2], [1, 1]), ids([1], [1])];
    await expect(runNode(keptPairs, { keep })).rejects.toThrow("2 rows");
  });
  it("is tried on captions of which a share is swapped or junk", async () => {
    const text = Array.from({ length: 400 }, (_, i) => `caption ${i}`);
    const made = await runNode(noiseInjector, { text }, { shuffled: 0.4, junk: 0.1 });
    const share = (kind: string) => made.noise.filter((noise) => noise === kind).length / text.length;
    expect(share("junk")).toBeCloseTo(0.1, 1);
    expect(share("swapped")).toBeCloseTo(0.36, 1);
    for (const [row, noise] of made.noise.entries()) {
      expect(made.text[row] === text[row]).toBe(noise === "none");
      if (noise === "swapped") expect(text).toContain(made.text[row]);
    }
    expect((await runNode(noiseInjector, { text }, { shuffled: 0.4, junk: 0.1 })).text).toEqual(made.text);
  });
});
