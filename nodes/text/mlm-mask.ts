import * as z from "zod";
import { ignoredLabel } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

export const mlmMask = defineNode({
  type: "text.mlm-mask",
  title: "Mask words",
  description: "Hides some of the words of each text, to be guessed from the others and from the picture.",
  docs: `A token is chosen where its draw is below the probability, but never one of those that are spared. Of the
chosen 80 % become the mask token, 10 % a random word, and 10 % stay (Devlin et al. 2019, §3.1): the mask where the
second draw is below 0.8, else the random word where the third is below 0.5. Labels are the tokens at chosen places
and ${ignoredLabel} elsewhere.

All draws come in, so that the same draws give the same masks: \`chosen\`, \`masked\` and \`replaced\` float32 [B, T]
in [0, 1), \`words\` int64 [B, T], any words.`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
    chosen: port.tensor({ dtype: "float32", shape: ["B", "T"], doc: "Which tokens." }),
    masked: port.tensor({ dtype: "float32", shape: ["B", "T"], doc: "Whether they become the mask token." }),
    replaced: port.tensor({ dtype: "float32", shape: ["B", "T"], doc: "Whether they become a random word." }),
    words: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: "Random words." }),
  },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
    labels: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: `${ignoredLabel} where nothing is asked for.` }),
  },
  bypass: { ids: "ids" },
  params: {
    probability: z.number().min(0).max(1).default(0.15),
    mask: z.int().min(0).default(103).meta({ label: "Mask token" }),
    spared: z
      .string()
      .max(1000)
      .default("0, 101")
      .meta({ label: "Never chosen", description: "Ids, separated by commas: padding and [CLS]." }),
  },
  check: ({ spared }) =>
    /^[\d\s,]*$/.test(spared)
      ? undefined
      : { param: "spared", message: "Tokens are named by their ids.", hint: "Write numbers, such as 0, 101." },
  rowwise: true,
  async run({ inputs, params }) {
    const spared = new Set(idsIn(params.spared));
    const before = inputs.ids.data as BigInt64Array;
    const chosen = Uint8Array.from(before, (id, i) =>
      Number(!spared.has(id) && numberAt(inputs.chosen, i) < params.probability),
    );
    return masked(inputs, chosen, BigInt(params.mask));
  },
});

/** How many of the chosen become the mask, and of the others a random word. */
const shares = { masked: 0.8, replaced: 0.5 };

const idsIn = (text: string): bigint[] =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(BigInt);
const numberAt = ({ data }: Tensor, i: number): number => (data as Float32Array)[i] as number;

/** What becomes of the chosen places, and what is asked there. */
function masked(
  inputs: { ids: Tensor; masked: Tensor; replaced: Tensor; words: Tensor },
  chosen: Uint8Array,
  mask: bigint,
): { ids: Tensor; labels: Tensor } {
  const { shape } = inputs.ids;
  const before = inputs.ids.data as BigInt64Array;
  const words = inputs.words.data as BigInt64Array;
  const shown = before.slice();
  const labels = new BigInt64Array(before.length).fill(BigInt(ignoredLabel));
  for (const [i, isChosen] of chosen.entries()) {
    if (!isChosen) continue;
    labels[i] = before[i] as bigint;
    if (numberAt(inputs.masked, i) < shares.masked) shown[i] = mask;
    else if (numberAt(inputs.replaced, i) < shares.replaced) shown[i] = words[i] as bigint;
  }
  return { ids: { dtype: "int64", shape, data: shown }, labels: { dtype: "int64", shape, data: labels } };
}
