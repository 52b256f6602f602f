import type { Graph } from "../graph";
import { addends } from "./addends";
import { channelsFirst } from "./channels-first";
import { dedupe } from "./dedupe";
import { denseConvolutions } from "./dense-convolutions";
import { dropDead } from "./drop-dead";
import { fold } from "./fold";
import { gelus } from "./gelus";
import { join } from "./join";
import { lowRank } from "./low-rank";
import { pointwiseConvolutions } from "./pointwise-convolutions";
import { pullSlices } from "./pull-slices";
import { simplify } from "./simplify";
import { sums } from "./sums";
import { pushTransposes } from "./transposes";

/** Every pass, in the order they are made: each takes a graph and gives one that computes the same. */
export const passes = {
  "pointwise-convolutions": pointwiseConvolutions,
  "dense-convolutions": denseConvolutions,
  "channels-first": channelsFirst,
  fold,
  simplify,
  gelus,
  dedupe,
  join,
  "pull-slices": pullSlices,
  "low-rank": lowRank,
  transposes: pushTransposes,
  addends,
  sums,
  "drop-dead": dropDead,
} satisfies Record<string, (graph: Graph) => Graph>;

/**
 * All passes. A training step is optimized twice: its forward part, so that what is differentiated is small, and the
 * whole with its gradients.
 */
export const optimize = (graph: Graph): Graph => Object.values(passes).reduce((g, pass) => pass(g), graph);
