/** What picture and text encoders of CLIP's kind have in common. */
import { placesOf } from "../../blocks/attention";
import { type Builder, embedding } from "../../blocks/builder";
import type { Dim, Value } from "../../onnx/graph";
import type { Outputs, PictureSpec } from "./architecture";

/** A tower's last state, the vector that stands for its input, and the states of its layers. */
export interface Tower {
  last: () => Value;
  pooled: () => Value;
  states: Outputs;
}

export function towerOutputs(tower: Tower): Outputs {
  return { last_hidden_state: tower.last, pooler_output: tower.pooled, ...tower.states };
}

/** The inputs of a text encoder. There may be more texts than pictures. */
export const textInputs = {
  input_ids: { dtype: "int64", shape: ["T", "L"] },
  attention_mask: { dtype: "int64", shape: ["T", "L"], optional: true },
  position_ids: { dtype: "int64", shape: ["*", "L"], optional: true },
} as const;
/** The input of a picture encoder. */
export const pictureInputs = ({ num_channels }: { num_channels: number }) =>
  ({ pixel_values: { dtype: "float32", shape: ["B", num_channels, "H", "W"] } }) as const;

/** What is said of pictures of a size that are cut into patches, with so many tokens before these. */
export function picturesOf(
  { image_size, patch_size }: { image_size: readonly [number, number]; patch_size: readonly [number, number] },
  states: string,
  before: number,
): PictureSpec {
  return { size: image_size, patch: patch_size, states, before };
}

/** What the table of tokens and that of positions need. */
interface TextTable {
  vocab_size: number;
  hidden_size: number;
  max_position_embeddings: number;
}

/** Tokens and their positions. ids: int64 [B, T]; positions as given, or 0, 1, … → float32 [B, T, D]. */
export function textEmbeddings(builder: Builder, config: TextTable, ids: Value, given?: Value): Value {
  const { op } = builder;
  const { hidden_size: width, max_position_embeddings: most } = config;
  const length = ids.shape[1] as Dim;
  if (typeof length === "number" && length > most)
    throw new Error(`texts of ${length} tokens do not fit the model's ${most} positions`);
  const tokens = embedding(builder, "token_embedding", ids, config.vocab_size, width);
  if (given) return op.Add(tokens, embedding(builder, "position_embedding", given, most, width));
  return op.Add(tokens, firstPositions(builder, "position_embedding", length, [most, width]));
}

/** The first so many rows of a table of positions. */
export function firstPositions(builder: Builder, name: string, length: Dim, [most, width]: [number, number]): Value {
  const { op } = builder;
  if (typeof length !== "number") return embedding(builder, name, placesOf(builder, length), most, width);
  const table = builder.weight(`${name}.weight`, [most, width], { kind: "normal", std: 0.02 });
  return length === most ? table : op.Slice(table, { starts: [0], ends: [length], axes: [0] });
}
