/** A decoder's graph as the models that are loaded: what is made once is made, and the rest goes round. */
import type { Generation, Kept } from "#models/blocks/generation";
import type { Graph, Value } from "#models/onnx/graph";
import { type IndexBound, indexBounds } from "#models/onnx/index-bounds";
import { opsOf } from "#models/onnx/ops/index";
import { onlyFor } from "#models/onnx/split";
import type { Tensor } from "#nodes/core/values";
import type { Session } from "../sessions";

/** A decoder that is loaded: how its inputs and outputs are called. */
export interface DecoderModel {
  session: Session;
  /**
   * The same for many new tokens: another session where other products are quicker for those, opened when it is first
   * asked for, and where there is room for it.
   */
  sessionForMany(): Promise<Session>;
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
  /** Loads it as it is quickest for many new tokens, where that differs and there is room. */
  openForMany?(graph: Graph): Promise<Session | undefined>;
}

/**
 * The output that holds all that new tokens add to what is kept, side by side in its order: [B, S, Σ heads·width]. One
 * output, since the runtime takes as long for each as for two small ops.
 */
export const addedOutput = "added";

/** Loads a decoder, and makes what is made once. */
export async function decoderModel(built: DecoderGraph): Promise<DecoderModel> {
  const { generation, graph, tokens, scores, given, open, openForMany } = built;
  const { kept, made } = generation;
  const outputs = new Map([["scores", scores]]);
  const all = kept.map(({ added }) => added);
  if (all.length) outputs.set(addedOutput, opsOf(graph).Concat(...all, { axis: 2 }));
  const steps = onlyFor(graph, outputs);
  const session = await open(steps);
  const before = new Map(made.map(({ input, value }) => [input, value]));
  const first = before.size ? await (await open(onlyFor(graph, before))).run(given) : {};
  const vocabulary = scores.shape.at(-1) as number;
  let many: Promise<Session> | undefined;
  const sessionForMany = () => {
    many ??= Promise.resolve(openForMany?.(steps)).then((opened) => opened ?? session);
    return many;
  };
  return {
    session,
    sessionForMany,
    tokens,
    scores: "scores",
    vocabulary,
    kept,
    made: first,
    bounds: indexBounds(steps),
  };
}
