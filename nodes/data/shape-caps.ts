import * as z from "zod";
import { captionOf, junkCaption, paraphraseCount } from "#models/shape-caps/captions";
import { type AskedQuestion, askAbout, type QuestionKind, questionKinds } from "#models/shape-caps/questions";
import { drawPixels } from "#models/shape-caps/render";
import { drawScene, oneOf, type Scene } from "#models/shape-caps/scene";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

const splitSizes = { train: 4096, validation: 512, test: 512 } as const;
const allKinds = [...questionKinds];

export const shapeCaps = defineNode({
  type: "data.shape-caps",
  title: "ShapeCaps",
  description: "Drawn shapes with known attributes, captions, questions and answers: as many as you like, no download.",
  docs: `A made-up data set for small experiments, of which everything is known. A picture has one to three objects,
each in a cell of its own of a grid of 3 × 3: a circle, a square, a triangle or a cross of one of six colours and two
sizes, and with *Digits* a digit of 3 × 5 pixels on it, whatever the side of the picture: the small detail that a
scaled-down view loses.

Captions are one of three paraphrases out of 45 words. *Swapped captions* and *Junk captions* are the shares of rows
that have another row's caption, or a file's name (“img 1920x1080”) in its place; \`noise\` says which. Test captions
all differ. Questions are of the kinds that are chosen, as far as a picture has an answer to them; yes and no are
equally likely.

A row depends on seed, split and its number alone: a longer set begins with a shorter one. \`image\` uint8
[N, side, side, 3]; \`conversation\` is question and answer as LLaVA writes them, \`<image>\` before the question.`,
  version: 1,
  inputs: {},
  outputs: {
    image: port.image({ shape: ["N", "$side", "$side"] }),
    caption: port.text({ shape: ["N"], doc: "What is said of the picture, noise included." }),
    truth: port.text({ shape: ["N"], doc: "The caption without noise." }),
    noise: port.text({ shape: ["N"], doc: "“none”, “swapped” or “junk”." }),
    question: port.text({ shape: ["N"] }),
    answer: port.text({ shape: ["N"] }),
    kind: port.text({ shape: ["N"], doc: "What the question asks for, such as “colour”." }),
    conversation: port.text({ shape: ["N"], doc: "Question and answer as JSON, for *Conversation template*." }),
  },
  params: {
    split: z.enum(["train", "validation", "test"]).default("train"),
    rows: z.int().min(0).max(200_000).default(0).meta({
      label: "Rows",
      description: "0: 4,096 to train on, 512 to validate and 512 to test with.",
    }),
    side: z.int().min(32).max(128).multipleOf(32).default(32).meta({ label: "Side", unit: "px" }),
    digits: z.number().min(0).max(1).default(0).meta({ label: "Digits", description: "Share of objects with one." }),
    kinds: z.array(z.enum(questionKinds)).min(1).default(allKinds).meta({ label: "Questions", widget: "multiselect" }),
    shuffled: z.number().min(0).max(1).default(0).meta({ label: "Swapped captions", description: "Share of rows." }),
    junk: z.number().min(0).max(1).default(0).meta({ label: "Junk captions", description: "Share of rows." }),
    seed: z.int().min(0).default(0).meta({ widget: "seed" }),
  },
  check: ({ kinds, digits }) =>
    kinds.every((kind) => kind === "digit") && digits < 1
      ? {
          param: "digits",
          message: "Digits alone are asked for, and not every object has one.",
          hint: "Set Digits to 1, or choose other questions too.",
        }
      : undefined,
  async run({ host, params }) {
    const { side, split } = params;
    const count = params.rows || splitSizes[split];
    const rows = rowsOf(host, params, count);
    const data = new Uint8Array(count * side * side * 3);
    for (const [row, { scene }] of rows.entries()) {
      drawPixels(scene, data.subarray(row * side * side * 3, (row + 1) * side * side * 3), side);
      if (row % drawnAtOnce === 0) host.progress(row, count, "pictures");
      if (row % drawnAtOnce === 0) host.signal.throwIfAborted();
    }
    const said = rows.map((_, row) => saidOf(host, params, rows, row));
    const asked = rows.map(({ scene }, row) => askedOf(host, params, scene, row));
    return {
      image: { pixels: { dtype: "uint8", shape: [count, side, side, 3], data } },
      caption: said.map(({ caption }) => caption),
      truth: rows.map(({ caption }) => caption),
      noise: said.map(({ noise }) => noise),
      question: asked.map(({ question }) => question),
      answer: asked.map(({ answer }) => answer),
      kind: asked.map(({ kind }) => kind),
      conversation: asked.map(conversationOf),
    };
  },
});

const drawnAtOnce = 512;

interface Choice {
  split: keyof typeof splitSizes;
  digits: number;
  kinds: QuestionKind[];
  shuffled: number;
  junk: number;
  seed: number;
}
interface Row {
  scene: Scene;
  caption: string;
}

/** The scenes of a split with their captions, of which in the test no two are equal. */
function rowsOf(host: Host, choice: Choice, count: number): Row[] {
  const taken = new Set<string>();
  return Array.from({ length: count }, (_, row) => {
    for (let attempt = 0; ; attempt++) {
      const drawn = rowOf(host, choice, row, attempt);
      if (choice.split !== "test" || !taken.has(drawn.caption)) {
        taken.add(drawn.caption);
        return drawn;
      }
    }
  });
}

function rowOf(host: Host, { seed, split, digits }: Choice, row: number, attempt: number): Row {
  const draw = host.random("shape-caps", seed, split, row, attempt);
  const scene = drawScene(draw, digits);
  return { scene, caption: captionOf(scene, draw.below(paraphraseCount)) };
}

/** What is said of a row: its caption, another row's, or junk. */
function saidOf(host: Host, { seed, split, shuffled, junk }: Choice, rows: readonly Row[], row: number) {
  const draw = host.random("shape-caps noise", seed, split, row);
  const chance = draw.uniform();
  if (chance < junk) return { caption: junkCaption(draw), noise: "junk" };
  const { caption } = rows[row] as Row;
  const others = rows.length - 1;
  if (chance >= junk + shuffled * (1 - junk) || others < 1) return { caption, noise: "none" };
  const other = (row + 1 + draw.below(others)) % rows.length;
  return { caption: (rows[other] as Row).caption, noise: "swapped" };
}

function askedOf(host: Host, { seed, split, kinds }: Choice, scene: Scene, row: number): AskedQuestion {
  const draw = host.random("shape-caps question", seed, split, row);
  const kind = oneOf(draw, kinds);
  // A picture without an answer to this kind, such as one without a digit, is asked another of them.
  const others = kinds.filter((other) => other !== kind);
  const asked = askAbout(scene, [kind], draw) ?? askAbout(scene, others, draw) ?? askAbout(scene, ["count"], draw);
  return asked as AskedQuestion;
}

function conversationOf({ question, answer }: AskedQuestion): string {
  return JSON.stringify([
    { from: "human", value: `<image>\n${question}` },
    { from: "gpt", value: answer },
  ]);
}
