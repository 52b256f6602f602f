/** The frequencies of rotary embeddings in both dialects of config.json (transformers, modeling_rope_utils). */
import * as z from "zod";
import type { Turning } from "../../blocks/rotary";

const factor = z.number().min(1e-3).max(1e6);
const parameters = z.object({
  rope_type: z.string().max(32).nullish(),
  /** As old files call it. */
  type: z.string().max(32).nullish(),
  rope_theta: z.number().min(1).max(1e12).nullish(),
  factor: factor.nullish(),
  partial_rotary_factor: z.number().min(0.01).max(1).nullish(),
  original_max_position_embeddings: z
    .int()
    .min(1)
    .max(2 ** 24)
    .nullish(),
  low_freq_factor: factor.nullish(),
  high_freq_factor: factor.nullish(),
  attention_factor: z.number().min(0).max(1e3).nullish(),
  beta_fast: factor.nullish(),
  beta_slow: factor.nullish(),
  mscale: z.number().min(0).max(1e3).nullish(),
  mscale_all_dim: z.number().min(0).max(1e3).nullish(),
  truncate: z.boolean().nullish(),
  short_factor: z.array(factor).max(4096).nullish(),
  long_factor: z.array(factor).max(4096).nullish(),
});
type Parameters = z.output<typeof parameters>;

/** The fields that say how positions turn. */
export const ropeFields = {
  rope_parameters: parameters.nullish(),
  rope_scaling: parameters.nullish(),
  rope_theta: z.number().min(1).max(1e12).nullish(),
  partial_rotary_factor: z.number().min(0.01).max(1).nullish(),
  original_max_position_embeddings: z
    .int()
    .min(1)
    .max(2 ** 24)
    .nullish(),
};
type RopeConfig = z.output<z.ZodObject<typeof ropeFields>> & { max_position_embeddings: number };

/** How heads of so many numbers turn. Throws for a kind that is not known. */
export function ropeOf(config: RopeConfig, headWidth: number): Turning {
  const given: Parameters = { ...config.rope_scaling, ...config.rope_parameters };
  const theta = given.rope_theta ?? config.rope_theta ?? 10_000;
  const share = given.partial_rotary_factor ?? config.partial_rotary_factor ?? 1;
  const width = 2 * Math.floor((headWidth * share) / 2);
  const plain = Array.from({ length: width / 2 }, (_, i) => theta ** ((-2 * i) / width));
  const kind = given.rope_type ?? given.type ?? "default";
  const scaled = kinds[kind as keyof typeof kinds];
  if (!Object.hasOwn(kinds, kind)) throw new Error(`rotary positions of the kind “${kind}” are not known`);
  const original =
    given.original_max_position_embeddings ?? config.original_max_position_embeddings ?? config.max_position_embeddings;
  return scaled(plain, { ...given, theta, width, original, longest: config.max_position_embeddings });
}

type Settings = Parameters & { theta: number; width: number; original: number; longest: number };

const kinds = {
  default: (plain: number[]): Turning => ({ frequencies: plain, scale: 1 }),
  linear: (plain: number[], { factor = 1 }: Settings): Turning => ({
    frequencies: plain.map((frequency) => frequency / (factor ?? 1)),
    scale: 1,
  }),
  // The length is that of the call's own text. An object of transformers remembers the longest text of its earlier
  // calls, and so answers the same call otherwise after another one; a fresh one answers as is done here.
  dynamic: (plain: number[], { factor, theta, longest }: Settings): Turning => ({
    frequencies: plain,
    scale: 1,
    growing: { above: longest, factor: factor ?? 1, base: theta },
  }),
  llama3,
  yarn,
  longrope,
  su: longrope,
};

/** Long wavelengths are stretched, short ones stay, and those between are mixed (Llama 3.1). */
function llama3(plain: number[], settings: Settings): Turning {
  const { original } = settings;
  const factor = settings.factor ?? 8;
  const low = settings.low_freq_factor ?? 1;
  const high = settings.high_freq_factor ?? 4;
  const frequencies = plain.map((frequency) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
  return { frequencies, scale: 1 };
}

/** YaRN (Peng et al. 2023): a ramp over the pairs, and scores that are sharper. */
function yarn(plain: number[], settings: Settings): Turning {
  const { theta, width, original, longest } = settings;
  const factor = settings.factor ?? longest / original;
  const pairOf = (turns: number) => (width * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const round = settings.truncate === false ? [(x: number) => x, (x: number) => x] : [Math.floor, Math.ceil];
  const low = Math.max(0, round[0]?.(pairOf(settings.beta_fast ?? 32)) ?? 0);
  const high = Math.min(width - 1, round[1]?.(pairOf(settings.beta_slow ?? 1)) ?? 0);
  const frequencies = plain.map((frequency, i) => {
    const ramp = Math.min(1, Math.max(0, (i - low) / Math.max(high - low, 1e-3)));
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
  const sharper = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);
  const { mscale, mscale_all_dim: all } = settings;
  const scale = settings.attention_factor ?? (mscale && all ? sharper(mscale) / sharper(all) : sharper(1));
  return { frequencies, scale };
}

/** LongRoPE (Ding et al. 2024): a factor for each frequency, and other ones for texts longer than the original ones. */
function longrope(plain: number[], settings: Settings): Turning {
  const { original, longest } = settings;
  const factor = settings.factor ?? longest / original;
  const stretch = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  const divided = (field: "short_factor" | "long_factor") => {
    const factors = settings[field] ?? [];
    if (factors.length !== plain.length)
      throw new Error(`“${field}” holds ${factors.length} numbers, and heads turn ${plain.length} pairs`);
    return plain.map((frequency, i) => frequency / (factors[i] as number));
  };
  return {
    frequencies: divided("short_factor"),
    long: { above: original, frequencies: divided("long_factor") },
    scale: settings.attention_factor ?? stretch,
  };
}
