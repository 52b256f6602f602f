import * as z from "zod";
import { openTokenizer } from "#models/files/tokenizers/open";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const wordPieces = defineNode({
  type: "text.word-pieces",
  title: "Word pieces",
  description: "Which tokens go on with the word of the token before them: what whole words are masked by.",
  synonyms: ["whole word masking", "WordPiece", "subwords"],
  docs: `1 where a token begins with the mark, which is ## in WordPiece (Schuster & Nakajima 2012; BERT), else 0.

\`ids\` int64 [N, T] → \`pieces\` int64 [N, T]`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "T"] }),
    tokenizer: port.tokenizer({ doc: "Whose tokens they are." }),
  },
  outputs: { pieces: port.tensor({ dtype: "int64", shape: ["N", "T"] }) },
  params: { mark: z.string().min(1).max(16).default("##").meta({ description: "What a piece begins with." }) },
  rowwise: true,
  async run({ inputs: { ids, tokenizer }, params: { mark } }) {
    const { tokenOf } = openTokenizer(tokenizer);
    const known = new Map<bigint, bigint>();
    const isPiece = (id: bigint): bigint => {
      const found = known.get(id) ?? BigInt(tokenOf(Number(id))?.startsWith(mark) ?? false);
      known.set(id, found);
      return found;
    };
    const data = BigInt64Array.from(ids.data as BigInt64Array, isPiece);
    return { pieces: { dtype: "int64", shape: ids.shape, data } };
  },
});
