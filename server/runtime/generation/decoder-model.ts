/** A decoder's graph as the models that are loaded: what is made once is made, and the rest goes round. */
import type { Generation, Kept } from "#models/blocks/generation";
import type { Graph, Value } from "#models/onnx/graph";
import { type IndexBound, indexBounds } from "#models/onnx/index-bounds";
import { onlyFor } from "#models/onnx/split";
import type { Tensor } from "#nodes/core/values";
import type { Session } from "../sessions";

/** A decoder that is loaded: how its inputs and outputs are called. */
export interface DecoderModel {
  session: Session;
  /** The input that takes new tokens, int64 [B, S]. */
  tokens: string;
  /** The output that gives the scores of each row's last token, [B, 1, V]. */
  scores: string;
  vocabulary: number;
  kept: readonly Kept[];
  /** What is handed in with every call, a row for each row. */
  made: Readonly<Record<string, Tensor>>;
  /** Which tokens and places there are. */
  bounds: readonly IndexBound[];
}

export interface DecoderGraph {
  /** What the graph was built with. */
  generation: Generation;
  graph: Graph;
  tokens: string;
  scores: Value;
  /** What comes in besides tokens, a row for each prompt. */
  given: Readonly<Record<string, Tensor>>;
  /** Loads a part of the graph. */
  open(graph: Graph): Promise<Session>;
}

/** What the new tokens add to something that is kept is called so among the outputs. */
export const addedName = ({ input }: Kept): string => `added.${input}`;

/** Loads a decoder, and makes what is made once. */
export async function decoderModel(built: DecoderGraph): Promise<DecoderModel> {
  const { generation, graph, tokens, scores, given, open } = built;
  const { kept, made } = generation;
  const added = kept.map((one): [string, Value] => [addedName(one), one.added]);
  const steps = onlyFor(graph, new Map([["scores", scores], ...added]));
  const session = await open(steps);
  const before = new Map(made.map(({ input, value }) => [input, value]));
  const first = before.size ? await (await open(onlyFor(graph, before))).run(given) : {};
  const vocabulary = scores.shape.at(-1) as number;
  return { session, tokens, scores: "scores", vocabulary, kept, made: first, bounds: indexBounds(steps) };
}
