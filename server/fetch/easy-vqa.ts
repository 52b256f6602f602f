/**
 * easy-VQA (Victor Zhou) as *Conversations* and *Data set* read it: pictures, a conversation for each question, and
 * captions made of what the questions tell of a picture.
 */
import { fileIn, filesIn } from "./archive";
import type { FolderFile } from "./language-model";

const colours = ["red", "green", "blue", "yellow", "teal", "brown", "black", "gray"];
const shapes = ["circle", "rectangle", "triangle"];

type Asked = [question: string, answer: string, picture: number];

export async function* easyVqaFiles(archive: Uint8Array): AsyncGenerator<FolderFile> {
  const pictures = filesIn(archive, (name) => /^easy_vqa\/data\/(train|test)\/images\/\d+\.png$/.test(name));
  for (const [name, content] of pictures) yield { path: name.replace(/^easy_vqa\/data\//, ""), content };
  for (const split of ["train", "test"]) {
    const text = new TextDecoder().decode(fileIn(archive, `easy_vqa/data/${split}/questions.json`));
    const asked = JSON.parse(text) as Asked[];
    yield lines(`${split}.jsonl`, asked.map(conversationOf(split)));
    yield lines(`${split}-captions.jsonl`, captionsOf(split, asked));
  }
}

const lines = (path: string, records: readonly object[]): FolderFile => ({
  path,
  content: new TextEncoder().encode(`${records.map((record) => JSON.stringify(record)).join("\n")}\n`),
});

function conversationOf(split: string) {
  return ([question, answer, picture]: Asked, row: number) => ({
    id: `${split}-${row}`,
    ...recordOf(split, picture, question, answer),
    data_source: kindOf(answer),
  });
}

function recordOf(split: string, picture: number, question: string, answer: string) {
  return {
    image: `${split}/images/${picture}.png`,
    question,
    answer,
    conversations: [
      { from: "human", value: question ? `<image>\n${question}` : "<image>" },
      { from: "gpt", value: answer },
    ],
  };
}

/** What a question asks for, told by its answer. */
function kindOf(answer: string): string {
  if (colours.includes(answer)) return "colour";
  return shapes.includes(answer) ? "shape" : "yes or no";
}

/** “a blue rectangle”, for each picture of which both are known. */
function captionsOf(split: string, asked: readonly Asked[]): object[] {
  const known = new Map<number, { colour?: string; shape?: string }>();
  for (const one of asked) known.set(one[2], { ...known.get(one[2]), ...toldBy(one) });
  return [...known].flatMap(([picture, { colour, shape }]) =>
    colour && shape
      ? [
          {
            id: `${split}-caption-${picture}`,
            ...recordOf(split, picture, "", `a ${colour} ${shape}`),
            data_source: "caption",
          },
        ]
      : [],
  );
}

/** What a question and its answer tell of the picture, whichever way round it is asked. */
function toldBy([question, answer]: Asked): { colour?: string; shape?: string } {
  const isDenied = /\b(not|no)\b/.test(question);
  const isAbsent = answer === (isDenied ? "yes" : "no");
  const told = isAbsent ? [] : [...question.split(/\W+/), answer];
  const colour = colours.find((name) => told.includes(name));
  const shape = shapes.find((name) => told.includes(name));
  return { ...(colour ? { colour } : {}), ...(shape ? { shape } : {}) };
}
