import * as z from "zod";
import { unpaddedLength } from "#models/files/padding";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

export const lengthBuckets = defineNode({
  type: "text.length-buckets",
  title: "Length buckets",
  description: "Names for each row the length that it is padded to, so that a trainer lets rows of one length meet.",
  synonyms: ["group_by_length", "batch sampler", "dynamic padding"],
  docs: `The length of each row, rounded up to a multiple, as one text a row: wire it to a trainer's \`bucket\`. It
counts

- of \`ids\` int64 [N, T] the tokens without padding: what the *mask* counts, else what is before ids of 0 at the end;
- of \`text\`, where there are no ids, its words. That is enough to sort by, and spares tokenizing all rows before the
  first step: LLaVA groups its conversations so (llava/train/llava_trainer.py).

Rows of different \`name\` do not share a bucket: with the kind of *Conversations*, rows of text and rows with pictures
do not meet.`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "T"], optional: true }),
    mask: port.tensor({ dtype: "int64", shape: ["N", "T"], optional: true, doc: "1 where there is a token." }),
    text: port.text({ shape: ["N"], optional: true, doc: "Texts or conversations, instead of ids." }),
    name: port.text({ shape: ["N"], optional: true, doc: "What keeps rows apart besides." }),
  },
  outputs: { bucket: port.text({ shape: ["N"] }) },
  params: { multiple: z.int().min(1).max(1024).default(8).meta({ unit: "tokens" }) },
  rowwise: true,
  async run({ inputs: { ids, mask, text, name }, params: { multiple } }) {
    const lengths = ids ? tokensOf(ids, mask) : text?.map(wordsIn);
    if (!lengths)
      throw Object.assign(new Error("There is nothing to measure: neither ids nor texts are wired."), {
        hint: "Wire the ids of Tokenize or of a template, or texts.",
      });
    const most = ids?.shape[1] ?? Number.POSITIVE_INFINITY;
    const buckets = lengths.map((length) => String(Math.min(most, Math.ceil(length / multiple) * multiple)));
    return { bucket: name ? buckets.map((bucket, row) => `${name[row]} ${bucket}`) : buckets };
  },
});

function tokensOf(ids: Tensor, mask: Tensor | undefined): number[] {
  const [rowCount = 0, length = 0] = ids.shape;
  return Array.from({ length: rowCount }, (_, row) => {
    if (!mask) return unpaddedLength(ids.data as BigInt64Array, row, length);
    const seen = mask.data.slice(row * length, (row + 1) * length);
    return Math.max(1, Array.from(seen, Number).filter((mark) => mark > 0).length);
  });
}

const wordsIn = (text: string): number => Math.max(1, text.split(/\s+/).length);
