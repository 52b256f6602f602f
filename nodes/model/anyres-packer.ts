import { packRows } from "#models/blocks/packed";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

const otherGrid =
  "Set the side of a tile and the patch size of AnyRes tiler to those of the tower: a tile has (side / patch)² " +
  "features. Of a tower with a class token, wire its patches.";

export const anyresPacker = defineNode({
  type: "model.anyres-packer",
  title: "AnyRes packer",
  description:
    "Features of tiles as tokens: padding cut off, shrunk (the spatial pool of videos too), a newline behind each row.",
  synonyms: ["LLaVA-NeXT", "image_newline", "unpad"],
  docs: `What *AnyRes tiler* planned, done to features: \`features\` float32 [P, T, D] of the tiles, as a tower and a
projector give them, become \`tokens\` float32 [N, V, D], those of each row of the batch in its order, zeros behind
its last. First the picture as a whole; then, row by row, its tiles as one map without padding, shrunk bilinearly where
there would be too many, with the learned \`image_newline\` [D] behind each row (LLaVA-OneVision, \`llava_arch.py\`,
\`spatial_unpad\` and \`anyres_max_N\`; Li et al. 2024). It starts at a deviation of D^−½.

It is one Gather and a sum over at most four features, so it trains with whatever lies before it. For videos the same
wires hold frames at half their sides, 27 → 14: LLaVA's spatial pool. Behind it: *Splice*.`,
  version: 1,
  needsOneLayout: true,
  inputs: {
    features: port.tensor({
      dtype: "float32",
      shape: ["P", "T", "D"],
      packed: "N",
      doc: "Of each tile, row by row: (side / patch)² of them, without a class token.",
    }),
    counts: port.tensor({ dtype: "int64", shape: ["N"], doc: "How many tiles each row has." }),
    index: port.tensor({ dtype: "int64", shape: ["N", "V", "K"], picks: "T", misfit: otherGrid }),
    shares: port.tensor({ dtype: "float32", shape: ["N", "V", "K"] }),
    weights: port.weights({ optional: true, doc: "Without one, the newline is fresh." }),
  },
  outputs: { tokens: port.tensor({ dtype: "float32", shape: ["N", "V", "D"] }) },
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
  params: {
    scope: scopeParam("packer", "parameter"),
  },
  names: () => newlineNames,
  build(builder) {
    const { features, counts, index, shares } = builder.inputs;
    const width = features.shape[2];
    if (typeof width !== "number")
      throw new Error(`the width of the features is not known: [${features.shape.join(", ")}]`);
    const count = features.shape[1];
    if (typeof count !== "number" || !Number.isInteger(Math.sqrt(count)))
      throw Object.assign(new Error(`a tile must have side² features, and has ${count}`), {
        port: "features",
        hint: "Wire a tower's patches, which have no class token among them.",
      });
    const newline = builder.weight("image_newline", [width], { kind: "normal", std: width ** -0.5 });
    return { tokens: packRows(builder, features, { counts, index, shares }, newline) };
  },
});

/** Files of LLaVA's have it as `model.image_newline`, and some of transformers' without the prefix. */
const newlineNames = { prefixes: ["model"] };
