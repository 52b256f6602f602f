import * as z from "zod";
import { junkCaption } from "#models/shape-caps/captions";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const noiseInjector = defineNode({
  type: "data.noise-injector",
  title: "Noise injector",
  description: "Spoils some captions as the web does: another picture's, or a file's name in their place.",
  synonyms: ["noisy captions", "label noise"],
  docs: `What robust training and filters are tried on: ALIGN's scale against noise, ALBEF's distillation, BLIP's
bootstrapping. A share of rows gets junk (“img 1920x1080”); of the others a share gets the caption of another row, drawn
evenly. What becomes of a row depends on the seed, its number and the number of rows alone.

\`text\` [N] → \`text\` [N], \`noise\` [N]: “none”, “swapped” or “junk”`,
  version: 1,
  inputs: { text: port.text({ shape: ["N"] }) },
  outputs: {
    text: port.text({ shape: ["N"] }),
    noise: port.text({ shape: ["N"], doc: "What became of each row." }),
  },
  params: {
    shuffled: z.number().min(0).max(1).default(0.4).meta({ label: "Swapped", widget: "slider" }),
    junk: z.number().min(0).max(1).default(0).meta({ label: "Junk", widget: "slider" }),
    seed: z.int().min(0).default(0).meta({ widget: "seed" }),
  },
  allRows: "Captions are swapped among all rows.",
  async run({ host, inputs, params }) {
    const rows = inputs.text.map((own, row) => {
      const draw = host.random("noise injector", params.seed, row);
      if (draw.uniform() < params.junk) return { text: junkCaption(draw), noise: "junk" };
      const others = inputs.text.length - 1;
      if (draw.uniform() >= params.shuffled || others < 1) return { text: own, noise: "none" };
      const other = (row + 1 + draw.below(others)) % inputs.text.length;
      return { text: inputs.text[other] as string, noise: "swapped" };
    });
    return { text: rows.map(({ text }) => text), noise: rows.map(({ noise }) => noise) };
  },
});
