import * as z from "zod";
import type { Random } from "#models/random";
import { defineNode } from "../core/node";
import { itemCount } from "../core/packed";
import { port } from "../core/ports";
import type { ImageBatch, Tensor } from "../core/values";

const kinds = ["uniform", "integers", "order"] as const;
type Kind = (typeof kinds)[number];

export const draws = defineNode({
  type: "data.draws",
  title: "Random draws",
  description: "Random numbers for each row, drawn anew in each training step: what masks and negatives are chosen by.",
  synonyms: ["randn", "noise"],
  docs: `Whatever is random in a model is an input of it, so that the same draws give the same step. Draws come from the
run's seed, the node, and within a training the step; a training that was killed draws the same again. Wire what the
rows are of; nothing of it is read but how many there are.

- *uniform*: float32 [N, length], or [N], in [0, 1)
- *integers*: int64 [N, length], or [N], from *Least* on, and below *Below*
- *order*: int64 [N, length], in each row a permutation of 0, 1, …`,
  version: 1,
  inputs: {
    image: port.image({ optional: true, shape: ["N", "*", "*"], doc: "Pictures whose rows these are." }),
    text: port.text({ optional: true, shape: ["N"], doc: "Texts whose rows these are." }),
  },
  outputs: { draws: port.tensor({ dtype: "float32", shape: ["N", "*"] }) },
  ports: ({ kind, length }) => ({
    outputs: { draws: port.tensor({ dtype: dtypeOf(kind), shape: length ? ["N", length] : ["N"] }) },
  }),
  params: {
    kind: z.enum(kinds).default("uniform"),
    length: z.int().min(0).max(1_000_000).default(0).meta({
      label: "Draws of a row",
      description: "0: one number a row, without an axis for it.",
    }),
    least: z
      .int()
      .default(0)
      .meta({ label: "Least", when: { kind: ["integers"] } }),
    below: z
      .int()
      .default(2)
      .meta({ label: "Below", when: { kind: ["integers"] } }),
  },
  check({ kind, length, least, below }) {
    if (kind === "integers" && below <= least)
      return { param: "below", message: `No integer is ${least} or more and below ${below}.` };
    if (kind === "order" && !length)
      return { param: "length", message: "An order needs the number of things that are put in order." };
    return undefined;
  },
  rowwise: true,
  random: true,
  async run({ host, inputs, params }) {
    const count = rowsOf(inputs);
    if (count === undefined)
      throw Object.assign(new Error("It is not known how many rows there are to draw for."), {
        hint: "Wire the pictures or the texts whose rows these are.",
      });
    return { draws: drawn(host.random("draws", params.kind), count, params) };
  },
});

interface Rows {
  image?: ImageBatch;
  text?: string[];
}

function rowsOf({ image, text }: Rows): number | undefined {
  if (text) return text.length;
  if (!image) return undefined;
  return itemCount(image);
}

const dtypeOf = (kind: Kind): "float32" | "int64" => (kind === "uniform" ? "float32" : "int64");

interface Drawing {
  kind: Kind;
  length: number;
  least: number;
  below: number;
}

function drawn(draw: Random, count: number, { kind, length, least, below }: Drawing): Tensor {
  const shape = length ? [count, length] : [count];
  const size = count * Math.max(1, length);
  if (kind === "uniform") {
    // 24 bits each: a float32 holds them exactly, so that none is rounded up to 1.
    return { dtype: "float32", shape, data: Float32Array.from({ length: size }, () => (draw.bits() >>> 8) / 2 ** 24) };
  }
  const data = new BigInt64Array(size);
  if (kind === "integers") {
    for (let i = 0; i < size; i++) data[i] = BigInt(least + draw.below(below - least));
    return { dtype: "int64", shape, data };
  }
  for (let start = 0; start < size; start += length) {
    for (const [i, place] of draw.permutation(length).entries()) data[start + i] = BigInt(place);
  }
  return { dtype: "int64", shape, data };
}
