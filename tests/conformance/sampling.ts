/** Scores of the set after transformers' logits processors, one by one and in a chain. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  minLength,
  minP,
  noRepeat,
  type Processor,
  repetitionPenalty,
  softmax,
  temperature,
  topK,
  topP,
} from "#models/generation/scores";
import { count } from "./counts";
import { readJson, readNumbers } from "./files";
import { setFolder } from "./set";

type Arguments = Record<string, number | number[]>;
interface Expected {
  rows: { processors: [string, Arguments][]; out: string; kept: number[] }[];
}
const processors: Record<string, (kwargs: Arguments) => Processor> = {
  TemperatureLogitsWarper: (of) => temperature(of.temperature as number),
  TopKLogitsWarper: (of) => topK(Math.max(of.top_k as number, leastOf(of))),
  TopPLogitsWarper: (of) => topP(of.top_p as number, leastOf(of)),
  MinPLogitsWarper: (of) => minP(of.min_p as number, leastOf(of)),
  RepetitionPenaltyLogitsProcessor: (of) => repetitionPenalty(of.penalty as number),
  NoRepeatNGramLogitsProcessor: (of) => noRepeat(of.ngram_size as number),
  MinLengthLogitsProcessor: (of) => minLength(of.min_length as number, [of.eos_token_id ?? []].flat()),
};
const leastOf = (of: Arguments): number => (of.min_tokens_to_keep as number | undefined) ?? 1;

export function testSampling(): void {
  const folder = join(setFolder, "sampling");
  if (!existsSync(folder)) return;
  const { rows } = readJson<Expected>(folder, "expected.json");
  const tensors = readNumbers(folder, "expected.safetensors");

  describe("scores of the set", () => {
    it.each(
      rows.map((row) => [JSON.stringify(row.processors), row]),
    )("are those of transformers after %s", (_, row) => {
      const given = tensors.get("scores")?.data ?? [];
      const tokens = tensors.get("input_ids")?.data ?? [];
      const want = tensors.get(row.out)?.data ?? [];
      const vocabulary = given.length / row.kept.length;
      const context = tokens.length / row.kept.length;
      for (const [i, kept] of row.kept.entries()) {
        const scores = Float32Array.from(given.slice(i * vocabulary, (i + 1) * vocabulary));
        const soFar = { tokens: tokens.slice(i * context, (i + 1) * context), made: 0 };
        for (const [name, kwargs] of row.processors) {
          expect(Object.keys(processors)).toContain(name);
          processors[name]?.(kwargs)(scores, soFar);
        }
        const expected = want.slice(i * vocabulary, (i + 1) * vocabulary);
        for (const [place, score] of scores.entries()) expect(score).toBeCloseTo(expected[place] as number, 5);
        expect(scores.filter(Number.isFinite).length).toBe(kept);
        expect(softmax(scores).reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
        count("processed scores");
      }
    });
  });
}
