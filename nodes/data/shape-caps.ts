import * as z from "zod";
import { captionOf, junkCaption, paraphraseCount } from "#models/shape-caps/captions";
import { type AskedQuestion, askAbout, type QuestionKind, questionKinds } from "#models/shape-caps/questions";
import { drawPixels } from "#models/shape-caps/render";
import { drawScene, mostObjects, oneOf, type Scene, withOtherColours } from "#models/shape-caps/scene";
import { askSeveral, isSeveral, type SeveralKind, severalKinds } from "#models/shape-caps/several";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

const splitSizes = { train: 4096, validation: 512, test: 512 } as const;
const allKinds: AnyKind[] = [...questionKinds];
const possibleKinds = [...questionKinds, ...severalKinds] as const;

export const shapeCaps = defineNode({
  type: "data.shape-caps",
  title: "ShapeCaps",
  description: "Drawn shapes with known attributes, captions, questions and answers: as many as you like, no download.",
  synonyms: ["synthetic dataset", "toy dataset", "CLEVR", "VQA data"],
  docs: `A made-up data set for small experiments, of which everything is known. A picture has one to three objects,
each in a cell of its own of a grid of 3 × 3: a circle, a square, a triangle or a cross of one of six colours and two
sizes, and with *Digits* a digit of 3 × 5 pixels on it, whatever the side of the picture: the small detail that a
scaled-down view loses.

Captions are one of three paraphrases out of 45 words. *Swapped captions* and *Junk captions* are the shares of rows
that have another row's caption, or a file's name (“img 1920x1080”) in its place; *Exchanged colours* the share of the
others whose caption has two objects' colours exchanged, or another colour where that would change nothing: \`noise\`
says which. Test captions all differ. Questions are of the kinds that are chosen, as far as a picture has an answer to
them; yes and no are equally likely. Two kinds have several pictures: *difference*, a second picture in which one object
has a new colour (“Which colour is new in the second picture?”), and *frame*, four pictures of which one alone has some
colour (“In which frame is something red?”). The picture that the caption is of is the first of two, and the frame that
is asked for.

A row depends on seed, split and its number alone: a longer set begins with a shorter one. \`image\` uint8
[N, side, side, 3] is the picture that the caption is of, \`images\` uint8 [P, side, side, 3], packed, are all of a
row's. \`conversation\` is question and answer as LLaVA writes them, an \`<image>\` for each picture before the
question.`,
  version: 1,
  inputs: {},
  outputs: {
    image: port.image({ shape: ["N", "$side", "$side"] }),
    images: port.image({ shape: ["P", "$side", "$side"], packed: "N", doc: "All pictures of each row." }),
    caption: port.text({ shape: ["N"], doc: "What is said of the picture, noise included." }),
    truth: port.text({ shape: ["N"], doc: "The caption without noise." }),
    noise: port.text({ shape: ["N"], doc: "“none”, “swapped”, “junk” or “exchanged”." }),
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
    objects: z.int().min(1).max(mostObjects).default(mostObjects).meta({ label: "Objects", unit: "at most" }),
    digits: z.number().min(0).max(1).default(0).meta({ label: "Digits", description: "Share of objects with one." }),
    kinds: z.array(z.enum(possibleKinds)).min(1).default(allKinds).meta({ label: "Questions", widget: "multiselect" }),
    shuffled: z.number().min(0).max(1).default(0).meta({ label: "Swapped captions", description: "Share of rows." }),
    junk: z.number().min(0).max(1).default(0).meta({ label: "Junk captions", description: "Share of rows." }),
    exchanged: z.number().min(0).max(1).default(0).meta({
      label: "Exchanged colours",
      description: "Share of rows that are neither swapped nor junk.",
      advanced: true,
    }),
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
    const count = params.rows || splitSizes[params.split];
    const rows = rowsOf(host, params, count);
    const said = rows.map((_, row) => saidOf(host, params, rows, row));
    const asked = rows.map(({ scene }, row) => askedOf(host, params, scene, row));
    const scenes = rows.map(({ scene }) => scene);
    const image = picturesOf(host, scenes, params.side);
    const counts = asked.map(({ scenes }) => scenes.length);
    const hasSeveral = counts.some((pictures) => pictures > 1);
    const all = hasSeveral
      ? picturesOf(
          host,
          asked.flatMap(({ scenes }) => scenes),
          params.side,
        )
      : image;
    return {
      image,
      images: { ...all, counts },
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

/** Scenes, drawn: uint8 [scenes, side, side, 3]. */
function picturesOf(host: Host, scenes: readonly Scene[], side: number): { pixels: Tensor } {
  const size = side * side * 3;
  const data = new Uint8Array(scenes.length * size);
  for (const [i, scene] of scenes.entries()) {
    drawPixels(scene, data.subarray(i * size, (i + 1) * size), side);
    if (i % drawnAtOnce === 0) host.progress(i, scenes.length, "pictures");
    if (i % drawnAtOnce === 0) host.signal.throwIfAborted();
  }
  return { pixels: { dtype: "uint8", shape: [scenes.length, side, side, 3], data } };
}

/** So often a row of the test is drawn anew, before it is said that nothing new is left. */
const mostAttempts = 10_000;

const drawnAtOnce = 512;

type AnyKind = QuestionKind | SeveralKind;

interface Choice {
  split: keyof typeof splitSizes;
  digits: number;
  objects: number;
  kinds: AnyKind[];
  shuffled: number;
  junk: number;
  exchanged: number;
  seed: number;
}
interface Row {
  scene: Scene;
  paraphrase: number;
  caption: string;
}

/** The scenes of a split with their captions, of which in the test no two are equal. */
function rowsOf(host: Host, choice: Choice, count: number): Row[] {
  const taken = new Set<string>();
  return Array.from({ length: count }, (_, row) => {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const drawn = rowOf(host, choice, row, attempt);
      if (choice.split !== "test" || !taken.has(drawn.caption)) {
        taken.add(drawn.caption);
        return drawn;
      }
    }
    throw Object.assign(new Error(`After ${row} rows of the test there are no more captions that differ.`), {
      param: "rows",
      hint: "Ask for fewer rows, or for more objects.",
    });
  });
}

function rowOf(host: Host, choice: Choice, row: number, attempt: number): Row {
  const draw = host.random("shape-caps", choice.seed, choice.split, row, attempt);
  const scene = drawScene(draw, choice);
  const paraphrase = draw.below(paraphraseCount);
  return { scene, paraphrase, caption: captionOf(scene, paraphrase) };
}

/** What is said of a row: its caption, another row's, junk, or its caption with other colours. */
function saidOf(host: Host, { seed, split, shuffled, junk, exchanged }: Choice, rows: readonly Row[], row: number) {
  const draw = host.random("shape-caps noise", seed, split, row);
  const chance = draw.uniform();
  if (chance < junk) return { caption: junkCaption(draw), noise: "junk" };
  const { scene, paraphrase, caption } = rows[row] as Row;
  const others = rows.length - 1;
  const swapped = others < 1 ? junk : junk + shuffled * (1 - junk);
  if (chance >= swapped + exchanged * (1 - swapped)) return { caption, noise: "none" };
  if (chance >= swapped) return { caption: captionOf(withOtherColours(draw, scene), paraphrase), noise: "exchanged" };
  const other = (row + 1 + draw.below(others)) % rows.length;
  return { caption: (rows[other] as Row).caption, noise: "swapped" };
}

interface Asked extends Omit<AskedQuestion, "kind"> {
  kind: AnyKind;
  scenes: Scene[];
}

function askedOf(host: Host, choice: Choice, scene: Scene, row: number): Asked {
  const { seed, split, kinds } = choice;
  const draw = host.random("shape-caps question", seed, split, row);
  const kind = oneOf(draw, kinds);
  if (isSeveral(kind)) return askSeveral(scene, kind, draw, choice);
  // A picture without an answer to this kind, such as one without a digit, is asked another of them.
  const others = kinds.filter((other): other is QuestionKind => other !== kind && !isSeveral(other));
  const asked = askAbout(scene, [kind], draw) ?? askAbout(scene, others, draw) ?? askAbout(scene, ["count"], draw);
  return { ...(asked as AskedQuestion), scenes: [scene] };
}

function conversationOf({ question, answer, scenes }: Asked): string {
  return JSON.stringify([
    { from: "human", value: `${"<image>\n".repeat(scenes.length)}${question}` },
    { from: "gpt", value: answer },
  ]);
}
