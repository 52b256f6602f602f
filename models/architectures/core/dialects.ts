/**
 * config.json as both generations of transformers read it. The fifth calls `dtype` what was `torch_dtype`, and keeps in
 * `rope_parameters` what were `rope_theta`, `rope_scaling` and `partial_rotary_factor`. A file with both is read
 * rightly by both; of one that has the new names alone, the old versions silently take defaults.
 */
type Json = Record<string, unknown>;

export interface WrittenConfig {
  /** The class that the folder is loaded as. */
  className: string;
  /** The element type of the weights, as PyTorch calls it. */
  dtype?: string;
  /** Other fields that it gets. */
  fields?: Readonly<Json>;
}

/** The text of a config.json with the names of both dialects. Numbers stay as they are written. */
export function inBothDialects(text: string, { className, dtype, fields = {} }: WrittenConfig): string {
  const json = JSON.parse(marked(text)) as Json;
  const known = dtype ?? json.dtype ?? json.torch_dtype;
  const config = withRope(json);
  for (const [name, value] of Object.entries(config)) {
    if (name.endsWith("_config") && isObject(value)) config[name] = withRope(value);
  }
  // Whether scores are read off the table of tokens the fifth asks the whole's configuration, the fourth the decoder's.
  if (json.tie_word_embeddings === true && isObject(config.text_config))
    config.text_config = { ...config.text_config, tie_word_embeddings: true };
  const dtypes = known ? { dtype: known, torch_dtype: known } : {};
  const all = { ...config, architectures: [className], ...dtypes, ...fields };
  return unmarked(`${JSON.stringify(all, null, 2)}\n`);
}

const mark = "#float ";
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** 1.0 would be written as 1, which transformers 5 refuses where it wants a float: such numbers go as texts. */
const marked = (text: string): string =>
  text.replace(tokens, (token) => (!token.startsWith('"') && /[.eE]/.test(token) ? `"${mark}${token}"` : token));
const unmarked = (text: string): string => text.replace(new RegExp(`"${mark}([^"]*)"`, "g"), "$1");

/** A decoder's configuration with its rotary positions in both dialects; all else as it is. */
function withRope(json: Readonly<Json>): Json {
  const { rope_parameters: given, rope_scaling: scaling } = json;
  const rope: Json = { ...objectOr(scaling), ...objectOr(given) };
  const theta = rope.rope_theta ?? json.rope_theta;
  if (theta === undefined && !Object.keys(rope).length) return { ...json };
  // Models with a kind of rotary positions for each kind of layer have no other dialect.
  if (Object.values(rope).some(isKind)) return { ...json };
  const kind = rope.rope_type ?? rope.type ?? "default";
  const share = rope.partial_rotary_factor ?? json.partial_rotary_factor;
  const { rope_theta: _theta, rope_type: _kind, type: _type, partial_rotary_factor: _share, ...numbers } = rope;
  const shared = { ...(theta === undefined ? {} : { rope_theta: theta }) };
  const partial = share === undefined ? {} : { partial_rotary_factor: share };
  return {
    ...json,
    ...shared,
    ...partial,
    rope_parameters: { ...shared, ...partial, rope_type: kind, ...numbers },
    rope_scaling: kind === "default" ? null : scalingOf(String(kind), numbers),
  };
}

/** The old name of the kind beside the new one. Phi-3's own check wants its three fields, and no other. */
function scalingOf(kind: string, numbers: Json): Json {
  if (kind !== "longrope") return { type: kind, rope_type: kind, ...numbers };
  return { type: kind, short_factor: numbers.short_factor, long_factor: numbers.long_factor };
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objectOr = (value: unknown): Json => (isObject(value) ? value : {});
const isKind = (value: unknown): boolean => isObject(value) && "rope_type" in value;
