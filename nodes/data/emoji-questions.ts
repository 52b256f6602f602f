import * as z from "zod";
import { mainColour } from "#models/pictures/main-colour";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

const kinds = ["name", "group", "colour"] as const;
type Kind = (typeof kinds)[number];
const allKinds: Kind[] = [...kinds];

/** How each kind is asked for; which of the wordings a row has is drawn. */
const wordings: Readonly<Record<Kind, readonly string[]>> = {
  name: ["What is this?", "What does the picture show?"],
  group: ["Which kind of thing is this?", "Which group does it belong to?"],
  colour: ["Which colour is it mostly?", "What is its main colour?"],
};
const ground = [255, 255, 255];
/** Pictures are looked at as squares of so many pixels: enough for their main colour. */
const side = 24;

export const emojiQuestions = defineNode({
  type: "data.emoji-questions",
  title: "Emoji questions",
  description: "A question about each drawing, with its answer: its name, its group, or its main colour.",
  synonyms: ["VQA data", "toy dataset"],
  docs: `For *Emoji drawings*, or any pictures with a name and a group. What a row is asked is drawn by the seed and its
name, so that the same drawing is asked the same whatever comes before it. The main colour is that of most of its
pixels on white, as one of eleven words; name and group are Unicode's, with spaces for hyphens.

\`conversation\` is question and answer as LLaVA writes them, \`<image>\` before the question.`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["N", "*", "*"] }),
    name: port.text({ shape: ["N"] }),
    group: port.text({ shape: ["N"] }),
  },
  outputs: {
    question: port.text({ shape: ["N"] }),
    answer: port.text({ shape: ["N"] }),
    kind: port.text({ shape: ["N"], doc: "“name”, “group” or “colour”." }),
    conversation: port.text({ shape: ["N"], doc: "Question and answer as JSON, for *Conversation template*." }),
  },
  params: {
    kinds: z.array(z.enum(kinds)).min(1).default(allKinds).meta({ label: "Questions", widget: "multiselect" }),
    seed: z.int().min(0).default(0).meta({ widget: "seed" }),
  },
  rowwise: true,
  async run({ host, inputs, params }) {
    const request = { width: side, height: side, fit: "contain", background: "#ffffff", kernel: "linear" } as const;
    const { data } = await host.pixels(inputs.image, request);
    const size = side * side * 3;
    const rows = inputs.name.map((name, row) => {
      const draw = host.random("emoji question", params.seed, name);
      const kind = params.kinds[draw.below(params.kinds.length)] as Kind;
      const question = wordings[kind][draw.below(wordings[kind].length)] as string;
      const answers: Record<Kind, () => string> = {
        name: () => name,
        group: () => (inputs.group[row] as string).replaceAll("-", " "),
        colour: () => mainColour(data.subarray(row * size, (row + 1) * size) as Uint8Array, ground),
      };
      return { kind, question, answer: answers[kind]() };
    });
    return {
      question: rows.map(({ question }) => question),
      answer: rows.map(({ answer }) => answer),
      kind: rows.map(({ kind }) => kind),
      conversation: rows.map(({ question, answer }) =>
        JSON.stringify([
          { from: "human", value: `<image>\n${question}` },
          { from: "gpt", value: answer },
        ]),
      ),
    };
  },
});
