import * as z from "zod";
import { pictureMark } from "#models/files/conversations/turns";
import { defineNode } from "../core/node";
import { countsOf, countsOfRows, itemsOfRows } from "../core/packed";
import { port } from "../core/ports";
import type { ImageBatch, Tensor } from "../core/values";

export const vqaOptions = defineNode({
  type: "eval.vqa-options",
  title: "Options as rows",
  description: "Multiple choice: a conversation for each option of each question, in which it is the answer.",
  synonyms: ["ScienceQA", "answer choices"],
  docs: `N questions with some options each give M rows, those of a question one behind the other. *Conversation
template* and a decoder make \`logits\` and \`labels\` of them, *Sequence likelihood* how likely each answer is, and
*Choice by likelihood* compares them (Brown et al. 2020, §2.4; lm-evaluation-harness).

A row of \`options\` is a JSON list, or has an option in each line; \`truth\` is the right one, or its letter. With
*their letters* the question lists the options as “A. …” and asks for one, as LLaVA's evaluation does; otherwise the
options themselves are the answers, and the question stands alone. Pictures come again with each option; a question
without \`<image>\` gets one for each of its pictures in front.

A tower need not look at them again: let tiler, tower, projector and packer see the questions' pictures, N rows, and
wire what they give to \`tokens\` and \`seen\`, which come again with each option in the pictures' place.`,
  version: 1,
  inputs: {
    question: port.text({ shape: ["N"] }),
    options: port.text({ shape: ["N"], doc: "A JSON list, or one a line." }),
    truth: port.text({ shape: ["N"], doc: "The right option, or its letter." }),
    type: port.text({ shape: ["N"], optional: true, doc: "The type of each question." }),
    images: port.image({ shape: ["I", "*", "*"], packed: "N", optional: true }),
    tokens: port.tensor({
      dtype: "int64",
      shape: ["T"],
      packed: "N",
      optional: true,
      doc: "How many tokens each picture has, of *AnyRes tiler*.",
    }),
    seen: port.tensor({
      dtype: "float32",
      shape: ["N", "V", "D"],
      optional: true,
      doc: "What the tower saw of each question, of *AnyRes packer*.",
    }),
  },
  outputs: {
    conversation: port.text({ shape: ["M"], doc: "As *Conversation template* takes it." }),
    row: port.text({ shape: ["M"], doc: "The number of the question, from 1." }),
    option: port.text({ shape: ["M"] }),
    truth: port.text({ shape: ["M"], doc: "The question's right option." }),
    question: port.text({ shape: ["M"] }),
    type: port.text({ shape: ["M"] }),
    images: port.image({ shape: ["P", "*", "*"], packed: "M" }),
    tokens: port.tensor({ dtype: "int64", shape: ["K"], packed: "M", doc: "To *Image places*." }),
    seen: port.tensor({ dtype: "float32", shape: ["M", "V", "D"], doc: "To *Splice*." }),
  },
  bypass: {
    images: "images",
    conversation: "question",
    question: "question",
    truth: "truth",
    type: "type",
    tokens: "tokens",
    seen: "seen",
  },
  params: {
    answers: z.enum(["the options", "their letters"]).default("the options").meta({ label: "Answers are" }),
    instruction: z
      .string()
      .max(1000)
      .default("Answer with the option's letter from the given choices directly.")
      .meta({ when: { answers: ["their letters"] } }),
  },
  allRows: "It gives several rows for each question.",
  async run({ inputs, params }) {
    const { question, options, truth, type, images, tokens, seen } = inputs;
    const counts = images ? countsOf(images) : undefined;
    const rows = question.flatMap((asked, row) => {
      const list = optionsIn(options[row] ?? "", row);
      const right = rightOf(list, truth[row] ?? "", row);
      const text = withPictures(askedWith(asked, list, params), counts?.[row] ?? 0);
      return list.map((option, i) => ({
        row,
        conversation: JSON.stringify([
          { from: "human", value: text },
          { from: "gpt", value: params.answers === "their letters" ? letterOf(i) : option },
        ]),
        option,
        truth: right,
        question: asked,
        type: type?.[row] ?? "all",
      }));
    });
    const sources = rows.map(({ row }) => row);
    return {
      tokens: itemsAgain(tokens ?? { ...noTokens, counts: question.map(() => 0) }, sources),
      seen: rowsAgain(seen ?? { ...nothingSeen, shape: [question.length, 0, 0] }, sources),
      conversation: rows.map(({ conversation }) => conversation),
      row: rows.map(({ row }) => String(row + 1)),
      option: rows.map(({ option }) => option),
      truth: rows.map(({ truth: right }) => right),
      question: rows.map(({ question: asked }) => asked),
      type: rows.map(({ type: name }) => name),
      images: picturesOfRows(images ?? { files: [], counts: question.map(() => 0) }, sources),
    };
  },
});

const letterOf = (option: number): string => String.fromCharCode(65 + option);

/** The options of a question: at least two that differ. */
function optionsIn(text: string, row: number): string[] {
  const list = text.trimStart().startsWith("[") ? jsonList(text) : undefined;
  const options = (list ?? text.split("\n")).map((option) => String(option).trim()).filter(Boolean);
  if (options.length > 1 && options.length <= 26 && new Set(options).size === options.length) return options;
  throw Object.assign(
    new Error(`Question ${row + 1} has ${options.length} options, and 2 to 26 that differ are expected.`),
    { hint: "Wire a JSON list of options for each question, or one option a line." },
  );
}

function jsonList(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // an option may begin with a bracket
  }
}

/** The right option by its text, or else by its letter. */
function rightOf(options: readonly string[], truth: string, row: number): string {
  const said = truth.trim().toLowerCase();
  const byText = options.find((option) => option.toLowerCase() === said);
  const byLetter = options.find((_, i) => letterOf(i).toLowerCase() === said.replace(/[.)]$/, ""));
  const right = byText ?? byLetter;
  if (right !== undefined) return right;
  throw Object.assign(new Error(`The right answer “${truth}” of question ${row + 1} is none of its options.`), {
    hint: "Give the text of an option, or its letter.",
  });
}

interface Asking {
  answers: "the options" | "their letters";
  instruction: string;
}

function askedWith(question: string, options: readonly string[], { answers, instruction }: Asking): string {
  if (answers === "the options") return question;
  return [question, ...options.map((option, i) => `${letterOf(i)}. ${option}`), instruction].filter(Boolean).join("\n");
}

function withPictures(question: string, pictures: number): string {
  if (question.includes(pictureMark)) return question;
  return `${`${pictureMark}\n`.repeat(pictures)}${question}`;
}

const noTokens = { dtype: "int64", shape: [0], data: new BigInt64Array(0) } as const;
const nothingSeen = { dtype: "float32", data: new Float32Array(0) } as const;

/** The items of some rows, which may come several times. */
function itemsAgain({ data, counts: all }: Tensor, rows: readonly number[]): Tensor {
  const items = itemsOfRows(all ?? Array<number>(data.length).fill(1), rows);
  const numbers = BigInt64Array.from(items, (item) => BigInt(data[item] as bigint | number));
  const counts = rows.map((row) => all?.[row] ?? 1);
  return { dtype: "int64", shape: [items.length], data: numbers, counts };
}

function rowsAgain({ shape: [, ...rest], data }: Tensor, rows: readonly number[]): Tensor {
  const size = rest.reduce((product, side) => product * side, 1);
  const numbers = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries())
    numbers.set((data as Float32Array).subarray(row * size, (row + 1) * size), i * size);
  return { dtype: "float32", shape: [rows.length, ...rest], data: numbers };
}

/** The pictures of some rows, which may come several times. */
function picturesOfRows(images: ImageBatch, rows: readonly number[]): ImageBatch {
  const all = countsOf(images);
  const items = itemsOfRows(all, rows);
  const counts = countsOfRows(all, rows);
  if ("files" in images)
    return { files: items.map((item) => images.files[item] as (typeof images.files)[number]), counts };
  const { dtype, shape, data } = images.pixels;
  const size = shape.slice(1).reduce((product, side) => product * side, 1);
  const pixels = new Uint8Array(items.length * size);
  for (const [i, item] of items.entries())
    pixels.set((data as Uint8Array).subarray(item * size, (item + 1) * size), i * size);
  return { pixels: { dtype, shape: [items.length, ...shape.slice(1)], data: pixels }, counts };
}
