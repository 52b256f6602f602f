import * as z from "zod";
import { scoped } from "#models/blocks/builder";
import { jointIndex, pictureIndex, pictureRows, positionBias, tableRows, textIndex } from "#models/blocks/multiway";
import type { Init } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const relativePositionBias = defineNode({
  type: "model.relative-position-bias",
  title: "Relative position bias",
  description: "What attention adds for how far two tokens lie from each other: VLMo's and BEiT's positions.",
  synonyms: ["RPE", "position embedding"],
  docs: `A learned number for each distance, block and head, added to the scores (Bao et al. 2021, BEiT §2.5; VLMo). One
table \`relative_position_bias_table\` [R + 2·T₀ + 2, layers·heads] holds, for pictures of s × s patches and
R = (2s − 1)² + 3: distances of patches, query − key, three rows for the class token; text to picture and picture to
text, a row each; distances of words, key − query, and three rows for [CLS]. Its columns are block 0's heads, block
1's, and so on. T₀ is the length of texts it was first made for. *BEiT* has a table [R, heads] in each block.

\`bias\` float32 [layers, heads, S, S], S = s² + 1 for pictures, the words for texts, both one behind the other for
*both*`,
  version: 1,
  inputs: { weights: port.weights({ optional: true, doc: "Without one, the table is fresh." }) },
  outputs: { bias: port.tensor({ dtype: "float32", shape: ["$layers", "$heads", "*", "*"] }) },
  params: {
    scope: scopeParam("."),
    kind: z.enum(["image", "text", "both"]).default("both").meta({ label: "Of" }),
    tables: z.enum(["one", "BEiT"]).default("one").meta({ description: "One for all, or BEiT's in each block." }),
    layers: z.int().min(1).max(64).default(12),
    heads: z.int().min(1).max(64).default(12),
    side: z.int().min(1).max(128).default(14).meta({ label: "Grid", unit: "patches", description: "s" }),
    words: z.int().min(2).max(4096).default(40).meta({ unit: "tokens", description: "Of a text." }),
    firstLength: z.int().min(2).max(4096).default(196).meta({
      label: "First length",
      unit: "tokens",
      description: "T₀: of the texts that the table was made for.",
    }),
  },
  check({ tables, kind, words, firstLength }) {
    if (tables === "BEiT" && kind !== "image")
      return { param: "tables", message: "BEiT's tables know pictures alone.", hint: "Choose one table." };
    if (words > firstLength)
      return {
        param: "words",
        message: `Texts of ${words} tokens have distances that a table for ${firstLength} does not hold.`,
        hint: "Make the first length at least as large.",
      };
    return undefined;
  },
  build(builder) {
    const { op, params } = builder;
    const { kind, tables, layers, heads, side, words, firstLength } = params;
    const places = { side, firstTextLength: firstLength };
    const zeros: Init = { kind: "zeros" };
    const name = "relative_position_bias_table";
    if (tables === "BEiT") {
      const biases = Array.from({ length: layers }, (_, i) => {
        const block = scoped(builder, `blocks.${i}.attn`);
        return positionBias(builder, block.weight(name, [pictureRows(side), heads], zeros), pictureIndex(side), heads);
      });
      return { bias: op.Concat(...biases, { axis: 0 }) };
    }
    const table = builder.weight(name, [tableRows(places), layers * heads], zeros);
    const indexOf = {
      image: () => pictureIndex(side),
      text: () => textIndex(words, places),
      both: () => jointIndex(words, places),
    };
    return { bias: positionBias(builder, table, indexOf[kind](), heads) };
  },
});
