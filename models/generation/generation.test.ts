import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Decoding } from "./decoding";
import { generate, sequencesOf } from "./generate";
import { defaultOptions, optionsFrom } from "./options";
import { draw } from "./scores";
import { holdsText, TextStream, upTo } from "./text";

/** A language model whose scores are those of a table, by the last two tokens. */
class Table implements Decoding {
  rows: number[][] = [];
  /** How many rows each call had. */
  readonly calls: number[] = [];
  constructor(
    readonly vocabulary: number,
    readonly table: readonly number[],
  ) {}
  async start(prompts: readonly (readonly number[])[]) {
    this.rows = prompts.map((prompt) => [...prompt]);
    return this.#scores();
  }
  async next(tokens: readonly number[]) {
    this.rows.forEach((row, i) => row.push(tokens[i] as number));
    return this.#scores();
  }
  select(rows: readonly number[]) {
    this.rows = rows.map((row) => [...(this.rows[row] as number[])]);
  }
  #scores() {
    this.calls.push(this.rows.length);
    const { vocabulary, table } = this;
    const rows = this.rows.map((row) => {
      const last = row.at(-1) as number;
      const start = ((row.at(-2) ?? last) * vocabulary + last) * vocabulary;
      return table.slice(start, start + vocabulary);
    });
    return Float32Array.from(rows.flat());
  }
}

interface Fixture {
  vocabulary: number;
  prompts: number[][];
  table: number[];
  cases: { kwargs: { pad_token_id: number; num_beams?: number }; sequences: number[][]; scores?: number[] }[];
}
const fixture = JSON.parse(readFileSync("tests/fixtures/generation.json", "utf8")) as Fixture;
const table = () => new Table(fixture.vocabulary, fixture.table);

describe("generation is transformers'", () => {
  it.each(fixture.cases.map((one) => [JSON.stringify(one.kwargs), one]))("with %s", async (_, one) => {
    const options = optionsFrom({}, one.kwargs, 4);
    const made = await generate(table(), fixture.prompts, options);
    expect(sequencesOf(fixture.prompts, made, options.padding)).toEqual(one.sequences);
    const scores = made.flat().map(({ score }) => score);
    if (one.scores) for (const [i, score] of one.scores.entries()) expect(scores[i]).toBeCloseTo(score, 4);
  });
});

describe("generation", () => {
  const ended = { ...defaultOptions, maxNew: 9, ends: [7] };

  it("lets rows that ended leave the batch", async () => {
    const model = table();
    const made = await generate(model, fixture.prompts, { ...ended, ends: [0] });
    const lengths = made.flat().map(({ tokens }) => tokens.length);
    expect(Math.min(...lengths)).toBeLessThan(Math.max(...lengths));
    const rowsOfCall = Array.from(
      { length: Math.max(...lengths) },
      (_, call) => lengths.filter((n) => n > call).length,
    );
    expect(model.calls).toEqual(rowsOfCall);
  });

  it("draws the same for the same seed, whatever else is in the batch, and other tokens for another", async () => {
    const drawn = async (prompts: number[][], seed: number) =>
      (await generate(table(), prompts, { ...ended, ends: [], sample: true, seed })).map(([one]) => one?.tokens);
    const [first] = await drawn(fixture.prompts, 1);
    expect(await drawn(fixture.prompts.slice(0, 1), 1)).toEqual([first]);
    expect(await drawn(fixture.prompts, 2)).not.toEqual(await drawn(fixture.prompts, 1));
  });

  it("gives several drawn results for a prompt", async () => {
    const [made] = await generate(table(), [[1, 2]], { ...ended, ends: [], sample: true, results: 4 });
    expect(new Set(made?.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(1);
    expect(made).toHaveLength(4);
  });

  it("draws continuations of beams without drawing one twice, as often as their scores say", async () => {
    const shares = [0.3, 0.25, 0.2, 0.15, 0.1];
    const scores = Array.from({ length: 125 }, (_, i) => Math.log(shares[i % 5] as number));
    const options = { ...ended, ends: [], maxNew: 1, beams: 2, results: 2, sample: true };
    const rounds = 2000;
    let without = 0;
    for (let seed = 0; seed < rounds; seed++) {
      // Four of the five continuations are drawn, and the two best of them are the results.
      const [made = []] = await generate(new Table(5, scores), [[1, 2]], { ...options, seed });
      const [first = 0, second = 0] = made.map(({ tokens }) => tokens[0]);
      expect(first).toBeLessThan(second);
      if (first !== 0) without++;
    }
    expect(Math.abs(without / rounds - drawnLast(0, shares))).toBeLessThan(0.02);
  });

  it("tells tokens as they come, and stops between two of them", async () => {
    const control = new AbortController();
    const told: number[] = [];
    const stopped = generate(
      table(),
      [[1, 2]],
      { ...ended, ends: [] },
      {
        signal: control.signal,
        onToken: (_, token) => {
          told.push(token);
          if (told.length === 3) control.abort(new Error("stopped"));
        },
      },
    );
    await expect(stopped).rejects.toThrow("stopped");
    expect(told).toHaveLength(3);
  });

  it("ends at a text that spans several tokens", async () => {
    const decode = (tokens: readonly number[]) => tokens.map((token) => "abcdefghijk"[token]).join("");
    const [[free] = []] = await generate(table(), [[1, 2]], { ...ended, ends: [] });
    const text = decode(free?.tokens ?? []);
    const isEnd = holdsText([text.slice(2, 5)], decode);
    const [[made] = []] = await generate(table(), [[1, 2]], { ...ended, ends: [] }, { isEnd });
    expect(decode(made?.tokens ?? [])).toBe(text.slice(0, 5));
    expect(upTo(text, [text.slice(2, 5)])).toBe(text.slice(0, 2));
  });

  it("refuses what cannot be, with the field that asks for it", async () => {
    const asked = (options: object) => generate(table(), [[1]], { ...ended, ...options });
    await expect(asked({ beams: 2, results: 3 })).rejects.toThrow("2 beams give no 3 results.");
    await expect(asked({ results: 3 })).rejects.toThrow("The best tokens are the same every time.");
    await expect(generate(table(), [[1], []], ended)).rejects.toThrow("Prompt 2 is empty.");
    expect(() => optionsFrom({ temperature: 0 }, {}, 1)).toThrow("temperature");
    expect(() => optionsFrom({}, { num_beam_groups: 2 }, 1)).toThrow("num_beam_groups is not known here");
    expect(optionsFrom({ max_length: 30 }, {}, 12).maxNew).toBe(18);
    expect(optionsFrom({ max_length: 30 }, { max_new_tokens: 4 }, 12).maxNew).toBe(4);
  });
});

describe("drawing", () => {
  it("takes tokens as often as they are likely, and none that is ruled out", () => {
    const scores = Float32Array.of(Math.log(0.5), Number.NEGATIVE_INFINITY, Math.log(0.25), Math.log(0.25));
    const drawn = Array.from({ length: 1000 }, (_, i) => draw(scores, i / 1000));
    expect([0, 1, 2, 3].map((token) => drawn.filter((each) => each === token).length)).toEqual([500, 0, 250, 250]);
    expect(draw(scores, 0.999999999)).toBe(3);
  });
});

describe("text of tokens", () => {
  it("comes letter by letter, none of them broken", () => {
    const bytes = [...new TextEncoder().encode("aé😀b")];
    const stream = new TextStream((tokens) => new TextDecoder().decode(Uint8Array.from(tokens)));
    const pieces = bytes.map((byte) => stream.push(byte));
    expect(pieces).toEqual(["a", "", "é", "", "", "", "😀", "b"]);
    const cut = new TextStream((tokens) => new TextDecoder().decode(Uint8Array.from(tokens)));
    expect([cut.push(97), cut.push(0xc3), cut.end()]).toEqual(["a", "", "\ufffd"]);
  });
});

/** How likely one is the last of all when they are drawn one after the other, by their shares of what is left. */
function drawnLast(index: number, shares: readonly number[]): number {
  const sum = shares.reduce((all, share) => all + share, 0);
  if (shares.length === 1) return 1;
  return shares.reduce((chance, share, i) => {
    if (i === index) return chance;
    return chance + (share / sum) * drawnLast(i < index ? index - 1 : index, shares.toSpliced(i, 1));
  }, 0);
}
