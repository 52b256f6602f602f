import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const hidePatches = defineNode({
  type: "model.hide-patches",
  title: "Hide patches",
  description: "Which patches of each picture are hidden, to be guessed from the others: so many, as drawn.",
  synonyms: ["random masking", "mask ratio", "masked image modeling", "MIM"],
  docs: `The patches whose places in the drawn order are the first *Hidden* ones. BEiT hides blocks of patches, some
40 % of 196 (Bao et al. 2021, §2.3); here each patch is drawn alone.

\`order\` int64 [B, N], a permutation of 0, 1, … in each row → \`masked\` int64 [B, N], 1 where a patch is hidden`,
  version: 1,
  inputs: { order: port.tensor({ dtype: "int64", shape: ["B", "N"], doc: "A permutation in each row." }) },
  outputs: { masked: port.tensor({ dtype: "int64", shape: ["B", "N"] }) },
  params: { count: z.int().min(1).max(65_536).default(75).meta({ label: "Hidden", unit: "patches" }) },
  build: ({ op, graph, inputs, params }) => ({
    masked: op.Cast(op.Less(inputs.order, graph.constant([params.count], "int64")), { dtype: "int64" }),
  }),
});
