/** What a person asks of generation, and reading it from a model's generation_config.json. */
import * as z from "zod";
import type { Processing, Sampling } from "./scores";

export interface GenerationOptions extends Processing, Sampling {
  /** The most tokens that are made for a row. */
  maxNew: number;
  /** Draws by the scores instead of taking the best. */
  sample: boolean;
  seed: number;
  /** 1: no beams. */
  beams: number;
  /** A beam's score is its sum of log-probabilities over its number of new tokens to this power. */
  lengthPenalty: number;
  /**
   * When beams of a row are done. false: the best that runs is, at its length, worse than the worst that ended; true:
   * as many have ended as there are beams; "never": none that runs can become better.
   */
  earlyStopping: boolean | "never";
  /** How many results for each prompt. */
  results: number;
  /** Fills up what ended, in `sequencesOf`. */
  padding: number;
}

export const defaultOptions: GenerationOptions = {
  maxNew: 20,
  sample: false,
  seed: 0,
  beams: 1,
  lengthPenalty: 1,
  earlyStopping: false,
  results: 1,
  padding: 0,
  repetitionPenalty: 1,
  noRepeat: 0,
  minLength: 0,
  minNew: 0,
  ends: [],
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
};

const count = z.int().min(0).max(10_000_000).nullish();
const token = z.int().min(0);
const known = z.looseObject({
  max_new_tokens: count,
  max_length: count,
  min_length: count,
  min_new_tokens: count,
  do_sample: z.boolean().nullish(),
  temperature: z.number().positive().nullish(),
  top_k: count,
  top_p: z.number().min(0).max(1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().positive().nullish(),
  no_repeat_ngram_size: count,
  num_beams: z.int().min(1).max(1000).nullish(),
  length_penalty: z.number().nullish(),
  early_stopping: z.union([z.boolean(), z.literal("never")]).nullish(),
  num_return_sequences: z.int().min(1).max(1000).nullish(),
  eos_token_id: z.union([token, z.array(token)]).nullish(),
  pad_token_id: z.int().nullish(),
  seed: z.int().nullish(),
});

/** What of transformers is not done here, by the field that asks for it. */
const unsupported = [
  "num_beam_groups",
  "penalty_alpha",
  "constraints",
  "force_words_ids",
  "typical_p",
  "epsilon_cutoff",
];

/**
 * Options as transformers names them: those of generation_config.json, and over them what a call says. A maximum in all
 * becomes one of new tokens by `promptLength`, that of the longest prompt. Throws sentences that name the field.
 */
export function optionsFrom(config: object, call: object, promptLength: number): GenerationOptions {
  const said = [config, call].flatMap((each) => Object.entries(each)).filter(([, value]) => value !== null);
  const parsed = known.safeParse(Object.fromEntries(said));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`Generation cannot be done as asked: ${issue?.path.join(".")}: ${issue?.message}.`);
  }
  const read = parsed.data;
  const other = unsupported.find((name) => isAsked(read[name]));
  if (other) throw new Error(`Generation cannot be done as asked: ${other} is not known here.`);
  const ends = [read.eos_token_id ?? []].flat();
  const beams = read.num_beams ?? 1;
  const sample = read.do_sample ?? false;
  // transformers draws from the fifty best where nothing else is said
  const topK = sample ? (read.top_k ?? 50) : 0;
  return {
    ...defaultOptions,
    maxNew: read.max_new_tokens ?? Math.max(0, (read.max_length ?? 20 + promptLength) - promptLength),
    sample,
    seed: read.seed ?? 0,
    beams,
    lengthPenalty: read.length_penalty ?? 1,
    earlyStopping: read.early_stopping ?? false,
    results: read.num_return_sequences ?? 1,
    // of beams, a padding token of 0 is none to transformers
    padding: (beams > 1 ? read.pad_token_id || ends[0] : (read.pad_token_id ?? ends[0])) ?? 0,
    repetitionPenalty: read.repetition_penalty ?? 1,
    noRepeat: read.no_repeat_ngram_size ?? 0,
    minLength: read.min_length ?? 0,
    minNew: read.min_new_tokens ?? 0,
    ends,
    temperature: read.temperature ?? 1,
    topK,
    topP: read.top_p ?? 1,
    minP: read.min_p ?? 0,
  };
}

const isAsked = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== 1 && value !== 0 && value !== false;
