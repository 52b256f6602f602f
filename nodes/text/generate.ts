import * as z from "zod";
import { openTokenizer, type OpenTokenizer } from "#models/files/tokenizers/open";
import { generate as generateTokens } from "#models/generation/generate";
import type { Generated } from "#models/generation/made";
import { defaultOptions, type GenerationOptions } from "#models/generation/options";
import { holdsText, upTo } from "#models/generation/text";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { PreviewOf } from "../core/preview";
import type { Tensor } from "../core/values";

/** When parameters mean something, by others. */
const sampled = { strategy: ["sampling", "drawn beams"] };
const searched = { strategy: ["beams", "drawn beams"] };

export const generate = defineNode({
  type: "text.generate",
  title: "Generate",
  description: "Writes on with a language model: token by token behind each prompt, streaming to the node.",
  synonyms: ["sampling", "decode", "completion", "inference", "chat"],
  docs: `The decoder that gives \`logits\` (LLM decoder, Hugging Face model) is not run as it stands: prompts, which are
what is wired to it, are read in one call, and from then on a token at a time, with the keys and values of earlier ones
kept and the scores of the last place alone computed. What lies before the decoder, such as a picture's encoder, runs
once. Prompts may be of different lengths: what its mask leaves out is no part of them. Rows that ended leave the batch.
A second run whose prompt begins as the last one did reads on behind that.

Greedy takes the best token each time, beams search for the best whole text (score: Σ log p / length^penalty), sampling
draws; drawn beams are a search whose continuations are drawn instead of being the best (beam sampling). All are as in
transformers, with its names' meanings. A text ends at its end token (the tokenizer's \`eos_token\` and those you
name), at one of the stop texts, or at its longest. A run can be cancelled between two tokens.

\`text\` are the new texts without prompts and special tokens; \`tokens\` int64 [N, T] their tokens, filled up at the
right; \`speed\` is new tokens per second, all rows together, the reading of the prompts left out.`,
  version: 1,
  inputs: {
    logits: port.tensor({
      dtype: "float32",
      shape: ["N", "L", "V"],
      deferred: "generation",
      doc: "The scores that a decoder gives.",
    }),
    tokenizer: port.tokenizer({ doc: "The decoder's own." }),
  },
  outputs: {
    text: port.text({ shape: ["N"] }),
    tokens: port.tensor({ dtype: "int64", shape: ["N", "T"] }),
    speed: port.number({ unit: "tokens/s", doc: "New tokens per second." }),
  },
  params: {
    strategy: z.enum(["greedy", "beams", "sampling", "drawn beams"]).default("greedy"),
    longest: z.int().min(1).max(1_000_000).default(128).meta({ label: "At most", unit: "new tokens" }),
    shortest: z.int().min(0).max(1_000_000).default(0).meta({ label: "At least", unit: "new tokens", advanced: true }),
    temperature: z
      .number()
      .min(0.01)
      .max(100)
      .default(1)
      .meta({ description: "Below 1: nearer to the best.", when: sampled }),
    topK: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(50)
      .meta({ label: "Top k", description: "Draws from so many; 0: all.", when: sampled }),
    topP: z.number().min(0).max(1).default(1).meta({
      label: "Top p",
      description: "Draws from the fewest whose probabilities reach this together.",
      when: sampled,
    }),
    minP: z.number().min(0).max(1).default(0).meta({
      label: "Min p",
      description: "Draws from those with at least this share of the best one's probability.",
      when: sampled,
      advanced: true,
    }),
    beams: z.int().min(2).max(64).default(4).meta({ when: searched }),
    lengthPenalty: z.number().min(-10).max(10).default(1).meta({
      label: "Length penalty",
      description: "Above 0 favours long texts, below 0 short ones.",
      when: searched,
      advanced: true,
    }),
    early: z.enum(["no", "yes", "never"]).default("no").meta({
      label: "Beams end early",
      description: "As soon as so many ended as there are beams; or never while one may still become better.",
      when: searched,
      advanced: true,
    }),
    repetition: z.number().min(0.1).max(10).default(1).meta({
      label: "Repetition penalty",
      description: "Above 1: what was there already is less likely.",
      advanced: true,
    }),
    noRepeat: z.int().min(0).max(1000).default(0).meta({
      label: "No repeated runs of",
      unit: "tokens",
      description: "0: any may repeat.",
      advanced: true,
    }),
    stop: z.string().max(10_000).default("").meta({
      label: "Stop texts",
      widget: "textarea",
      description: "A text ends before the first of these, one per line.",
      advanced: true,
    }),
    ends: z.string().max(10_000).default("").meta({
      label: "End tokens",
      description: "Besides the tokenizer's own: ids or tokens, separated by spaces.",
      placeholder: "<|im_end|>",
      advanced: true,
    }),
    seed: z.int().min(0).default(0).meta({ widget: "seed", when: sampled }),
  },
  async run({ host, inputs, params }) {
    const tokenizer = openTokenizer(inputs.tokenizer);
    const { decoding, prompts, close } = await host.openDecoder(inputs.logits);
    try {
      const options = optionsOf(params, tokenizer);
      const stops = params.stop.split("\n").filter((line) => line !== "");
      const decode = (tokens: readonly number[]) => tokenizer.decode(tokens);
      const teller = new Teller(host, prompts.length, options.maxNew, decode);
      const made = await generateTokens(decoding, prompts, options, {
        signal: host.signal,
        onScores: () => teller.beginStep(),
        onToken: (row, token) => teller.tell(row, token),
        isEnd: stops.length ? holdsText(stops, decode) : undefined,
      });
      const best = made.map(([first]) => first as Generated);
      return {
        text: best.map(({ tokens }) => upTo(decode(tokens), stops)),
        tokens: asTensor(
          best.map(({ tokens }) => tokens),
          options.padding,
        ),
        speed: teller.speed(best.reduce((sum, { tokens }) => sum + tokens.length, 0)),
      };
    } finally {
      close();
    }
  },
});

interface Choices {
  strategy: "greedy" | "beams" | "sampling" | "drawn beams";
  longest: number;
  shortest: number;
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  beams: number;
  lengthPenalty: number;
  early: "no" | "yes" | "never";
  repetition: number;
  noRepeat: number;
  ends: string;
  seed: number;
}

function optionsOf(choices: Choices, tokenizer: OpenTokenizer): GenerationOptions {
  const own = tokenizer.roleId("eos_token");
  const ends = [...(own === undefined ? [] : [own]), ...namedTokens(choices.ends, tokenizer)];
  return {
    ...defaultOptions,
    maxNew: choices.longest,
    minNew: choices.shortest,
    sample: sampled.strategy.includes(choices.strategy),
    beams: searched.strategy.includes(choices.strategy) ? choices.beams : 1,
    temperature: choices.temperature,
    topK: choices.topK,
    topP: choices.topP,
    minP: choices.minP,
    lengthPenalty: choices.lengthPenalty,
    earlyStopping: choices.early === "never" ? "never" : choices.early === "yes",
    repetitionPenalty: choices.repetition,
    noRepeat: choices.noRepeat,
    ends,
    padding: tokenizer.roleId("pad_token") ?? ends[0] ?? 0,
    seed: choices.seed,
  };
}

/** Ids of tokens that are given by number or as the tokenizer writes them. */
function namedTokens(text: string, tokenizer: OpenTokenizer): number[] {
  return text
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      const id = /^\d+$/.test(word) ? Number(word) : tokenizer.idOf(word);
      if (id !== undefined) return id;
      throw Object.assign(new Error(`The tokenizer has no token “${word}”, which is named as an end token.`), {
        param: "ends",
        hint: "Write it as the tokenizer does, such as <|im_end|>, or give its number.",
      });
    });
}

/** What streams to the node: the end of each text so far, and how fast tokens come. */
class Teller {
  #begun: number | undefined;
  #made = 0;
  #steps = 0;
  readonly #rows: number[][];

  constructor(
    readonly host: Host,
    rows: number,
    readonly longest: number,
    readonly decode: (tokens: readonly number[]) => string,
  ) {
    this.#rows = Array.from({ length: Math.min(rows, shownRows) }, () => []);
  }

  /** Scores are there; the first ones when the prompts were read. */
  beginStep(): void {
    this.#begun ??= performance.now();
    if (this.#steps > 0) this.#show();
    this.#steps++;
  }

  tell(row: number, token: number): void {
    this.#made++;
    this.#rows[row]?.push(token);
  }

  speed(made: number): number {
    const seconds = (performance.now() - (this.#begun ?? performance.now())) / 1000;
    return seconds > 0 ? made / seconds : 0;
  }

  #show(): void {
    const items = this.#rows.map((tokens) => this.decode(tokens.slice(-shownTokens)));
    const text: { type: "text" } & PreviewOf["text"] = { type: "text", count: items.length, items };
    const note = this.#made ? `${this.speed(this.#made).toFixed(1)} tokens/s` : undefined;
    this.host.progress(this.#steps, this.longest, note, this.#made ? { text } : undefined);
  }
}

/** So much of a text is shown while it is written. */
const shownTokens = 200;
const shownRows = 20;

/** Rows of tokens, filled up at the right. */
function asTensor(rows: readonly (readonly number[])[], padding: number): Tensor {
  const longest = Math.max(0, ...rows.map(({ length }) => length));
  const data = new BigInt64Array(rows.length * longest).fill(BigInt(padding));
  for (const [row, tokens] of rows.entries()) {
    for (const [i, token] of tokens.entries()) data[row * longest + i] = BigInt(token);
  }
  return { dtype: "int64", shape: [rows.length, longest], data };
}
