import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { counted } from "../core/wording";
import type { ImageBatch, Tensor } from "../core/values";

export const askPictures = defineNode({
  type: "text.ask-pictures",
  title: "Ask pictures",
  description: "Puts questions and pictures together, row by row: your picture, and what you ask about it.",
  synonyms: ["visual question answering", "VQA", "prompt"],
  docs: `As many questions as pictures belong together in their order. One question is asked about every picture, and
about one picture every question. \`conversation\` is the question as LLaVA writes it, \`<image>\` before it, for
*Conversation template*; \`question\` the text alone, for *Chat template*.`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["I", "*", "*"], doc: "The pictures." }),
    question: port.text({ shape: ["Q"], doc: "The questions." }),
  },
  outputs: {
    image: port.image({ shape: ["N", "*", "*"], doc: "The picture that each question is about." }),
    question: port.text({ shape: ["N"] }),
    conversation: port.text({ shape: ["N"], doc: "As JSON, for *Conversation template*." }),
  },
  params: {
    every: z.boolean().default(false).meta({
      label: "Every question of every picture",
      description: "Off: questions and pictures go in pairs.",
      advanced: true,
    }),
  },
  allRows: "How many pictures and questions there are says which belong together.",
  async run({ inputs: { image, question }, params: { every } }) {
    const pictures = "files" in image ? image.files.length : (image.pixels.shape[0] as number);
    const pairs = pairsOf(pictures, question.length, every);
    const asked = pairs.map(([, text]) => question[text] as string);
    return {
      image: chosen(
        image,
        pairs.map(([picture]) => picture),
      ),
      question: asked,
      conversation: asked.map((text) => JSON.stringify([{ from: "human", value: `<image>\n${text}` }])),
    };
  },
});

/** Which question is asked about which picture. */
function pairsOf(pictures: number, questions: number, every: boolean): [picture: number, question: number][] {
  if (every || pictures === 1 || questions === 1)
    return Array.from({ length: pictures * questions }, (_, i) => [Math.floor(i / questions), i % questions]);
  if (pictures === questions) return Array.from({ length: pictures }, (_, i) => [i, i]);
  const [has, asks] = [counted(pictures, "picture", "pictures"), counted(questions, "question", "questions")];
  throw Object.assign(new Error(`There are ${has} and ${asks}, so it is not clear which belong together.`), {
    hint: "Write one question for each picture, or one for all of them, or ask every question of every picture.",
  });
}

function chosen(image: ImageBatch, rows: readonly number[]): ImageBatch {
  if ("files" in image) return { files: rows.map((row) => image.files[row] as (typeof image.files)[number]) };
  const { shape, data, dtype } = image.pixels;
  const size = data.length / (shape[0] || 1);
  const pixels: Tensor = { dtype, shape: [rows.length, ...shape.slice(1)], data: new Uint8Array(rows.length * size) };
  for (const [i, row] of rows.entries()) {
    (pixels.data as Uint8Array).set(data.subarray(row * size, (row + 1) * size) as Uint8Array, i * size);
  }
  return { pixels };
}
