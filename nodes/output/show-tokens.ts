import * as z from "zod";
import { openTokenizer } from "#models/files/tokenizers/open";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";
import type { ShownToken, TokenRow } from "../core/views/tokens";

export const showTokens = defineNode({
  type: "output.show-tokens",
  title: "Show tokens",
  description:
    "Shows texts as the model reads them: tokens with their ids, what is masked, and the letters they cover.",
  synonyms: ["input_ids", "attention mask", "inspect"],
  docs: `\`ids\` int64 [N, L] and what *Tokenize* gives beside them. With \`mask\` tokens of zeros are pale. With
\`offsets\` int64 [N, L, 2] (a switch of *Tokenize*) and \`text\` the letters of each token are marked in its text.
Tokens behind the last one that the mask keeps are counted, not shown.`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "L"] }),
    tokenizer: port.tokenizer(),
    mask: port.tensor({ dtype: "int64", shape: ["N", "L"], optional: true }),
    offsets: port.tensor({ dtype: "int64", shape: ["N", "L", 2], optional: true }),
    text: port.text({ shape: ["N"], optional: true }),
  },
  outputs: { view: port.view() },
  params: {
    limit: z.int().min(1).max(100).default(8).meta({ label: "At most", unit: "texts" }),
    tokens: z.int().min(1).max(2048).default(256).meta({ label: "Of each at most", unit: "tokens", advanced: true }),
  },
  reduce: {
    rows: ["ids", "mask", "offsets", "text"],
    start({ inputs: { tokenizer }, params }) {
      const { tokenOf, decode } = openTokenizer(tokenizer);
      const rows: TokenRow[] = [];
      let [count, length] = [0, 0];
      const tokenAt = (id: number): ShownToken => {
        const [spelling, text] = [tokenOf(id) ?? "", decode([id], { special: true })];
        return spelling === text ? { id, text } : { id, text, spelling };
      };
      return {
        add({ ids, mask, offsets, text }) {
          const [all = 0, width = 0] = ids.shape;
          length = Math.max(length, width);
          for (let row = 0; row < all && rows.length < params.limit; row++) {
            const kept = keptOf(mask, row, width);
            const shown = Math.min(params.tokens, kept);
            const tokens = Array.from({ length: shown }, (_, i): ShownToken => {
              const place = row * width + i;
              const isOff = mask !== undefined && Number(mask.data[place]) === 0;
              return { ...tokenAt(Number(ids.data[place])), ...(isOff ? { isOff } : {}), ...spanOf(offsets, place) };
            });
            rows.push({ text: text?.[row], tokens, hidden: width - shown });
          }
          count += all;
        },
        finish: () => ({ view: { kind: "tokens", rows, count, length } }),
      };
    },
  },
});

/** How many tokens a row has up to the last one that the mask keeps. */
function keptOf(mask: Tensor | undefined, row: number, width: number): number {
  if (!mask) return width;
  let last = width;
  while (last > 0 && Number(mask.data[row * width + last - 1]) === 0) last--;
  return last || width;
}

/** Nothing where it is not known, or where the token stands for no letter. */
function spanOf(offsets: Tensor | undefined, place: number): Pick<ShownToken, "span"> {
  if (!offsets) return {};
  const [start, end] = [Number(offsets.data[2 * place]), Number(offsets.data[2 * place + 1])];
  return end > start ? { span: [start, end] } : {};
}
