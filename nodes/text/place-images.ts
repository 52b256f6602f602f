import * as z from "zod";
import { ignoredLabel } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { countsOf } from "../core/packed";
import { longestOf, packRows, packTokens, roundedUp } from "../core/packing";
import { placeholderParam } from "../core/placeholder";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";
import { counted } from "../core/wording";

export const placeImages = defineNode({
  type: "text.place-images",
  title: "Image places",
  description: "Makes room in each row of tokens for its pictures: a place for each token that a picture has.",
  synonyms: ["placeholder", "<image>", "expand image tokens"],
  docs: `\`ids\` int64 [N, L] hold one placeholder for each picture (or video), as a conversation template writes it for
\`<image>\`; \`tokens\` int64 [I], packed, of *AnyRes tiler*, say how many tokens each has. Each placeholder is
repeated as often, its labels are −100, and the rows are filled up to the longest, or to a length. Longer rows are cut
at the right, so that the end of an answer is lost and not its pictures; prompts are filled up at the left.

Wire \`ids\` to *Token embedding* and *Splice*, \`mask\` and \`positions\` to the decoder, \`labels\` to *Causal LM
loss*. Without \`mask\` every place of \`ids\` is a token. Positions count the tokens of a row from 0.

A row with more placeholders than pictures, or fewer, such as one that its template cut before a picture, stops the
run, and the first ten are named; or it is left out: it is counted and told, it has no place for a picture, and nothing
is learned from it. With \`names\` wired, such as the \`row\` of *Conversations*, rows are called by their file and
place in it. LLaVA's own code repeats the last picture, or leaves pictures out, without a word.`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "L"] }),
    tokens: port.tensor({ dtype: "int64", shape: ["I"], packed: "N", doc: "Of each picture, row by row." }),
    mask: port.tensor({ dtype: "int64", shape: ["N", "L"], optional: true, doc: "1 where there is a token." }),
    labels: port.tensor({
      dtype: "int64",
      shape: ["N", "L"],
      optional: true,
      doc: `${ignoredLabel} where none is learned; the ids themselves where absent.`,
    }),
    names: port.text({ shape: ["N"], optional: true, doc: "What rows are called where one is bad." }),
  },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "S"] }),
    mask: port.tensor({ dtype: "int64", shape: ["N", "S"], doc: "1 where there is a token or a picture's." }),
    labels: port.tensor({ dtype: "int64", shape: ["N", "S"] }),
    positions: port.tensor({ dtype: "int64", shape: ["N", "S"] }),
  },
  bypass: { ids: "ids", mask: "mask", labels: "labels" },
  params: {
    placeholder: placeholderParam,
    length: z.int().min(2).max(1_000_000).default(4096).meta({ label: "At most", unit: "tokens" }),
    padding: z.enum(["longest", "rounded", "length"]).default("longest").meta({
      label: "Pad to",
      description: "Rounded: at most a quarter more than the longest, so that a training meets few shapes.",
    }),
    side: z.enum(["right", "left"]).default("right").meta({
      label: "Padding side",
      description: "Right for training, left for generation.",
    }),
    bad: z.enum(["stop", "leave out"]).default("stop").meta({
      label: "Bad rows",
      description: "Those with more places than pictures, or fewer.",
    }),
    filler: z.int().min(0).max(1_000_000).default(0).meta({
      label: "Padding token",
      description: "What stands where there is no token: any id of the vocabulary.",
      advanced: true,
    }),
  },
  ports: ({ padding, length }) => {
    const tensor = port.tensor({ dtype: "int64", shape: ["N", padding === "length" ? length : "S"] });
    return {
      outputs: { ids: tensor, mask: tensor, labels: tensor, positions: tensor },
      perBatch: padding !== "length",
    };
  },
  rowwise: true,
  async run({ host, inputs, params }) {
    const { placeholder, bad, filler } = params;
    const rows = rowsOf(inputs);
    const nameOf = (row: number) => inputs.names?.[row] || `row ${row + 1}`;
    const complaints = rows.flatMap((row, number) => complaintOf(row, nameOf(number), placeholder) ?? []);
    if (complaints.length && bad === "stop") throw stopped(complaints);
    if (complaints.length) host.warn(leftOut(complaints, rows.length));
    const placed = rows.map((row) =>
      isFitting(row, placeholder) ? withPlaces(row, placeholder) : withoutLessons(row, { placeholder, filler }),
    );
    const cut = placed.filter(({ ids }) => ids.length > params.length);
    if (cut.length)
      host.warn(`${counted(cut.length, "row is", "rows are")} longer than ${params.length} tokens and cut.`);
    const kept = placed.map(({ ids, labels }) => ({
      ids: ids.slice(0, params.length),
      labels: labels.slice(0, params.length),
    }));
    const longest = longestOf(
      kept.map(({ ids }) => ids),
      host,
    );
    const lengths = { longest, rounded: Math.min(params.length, roundedUp(longest)), length: params.length };
    const length = lengths[params.padding];
    const packing = { length, padding: params.filler, left: params.side === "left" };
    const positions = kept.map(({ ids }) => ids.map((_, place) => place));
    return { ...packTokens(kept, packing), positions: packRows(positions, { ...packing, padding: 0 }) };
  },
});

interface Placed {
  ids: number[];
  labels: number[];
}

interface Row extends Placed {
  /** How many tokens each of its pictures has. */
  pictures: number[];
}

/** The rows without padding. */
function rowsOf({
  ids,
  tokens,
  mask,
  labels = ids,
}: {
  ids: Tensor;
  tokens: Tensor;
  mask?: Tensor;
  labels?: Tensor;
}): Row[] {
  const [count = 0, length = 0] = ids.shape;
  const pictures = countsOf(tokens);
  if (pictures.length !== count)
    throw Object.assign(new Error(`There are ${count} rows of ids, and pictures of ${pictures.length}.`), {
      hint: "Wire values of the same data, row by row.",
    });
  let next = 0;
  return Array.from({ length: count }, (_, row): Row => {
    const places = Array.from({ length }, (_, i) => row * length + i).filter((i) => !mask || Number(mask.data[i]) > 0);
    const numbersOf = ({ data }: Tensor) => places.map((i) => Number(data[i]));
    const first = next;
    next += pictures[row] as number;
    return {
      ids: numbersOf(ids),
      labels: numbersOf(labels),
      pictures: Array.from(tokens.data.slice(first, next), Number),
    };
  });
}

const placesIn = ({ ids }: Row, placeholder: number): number => ids.filter((id) => id === placeholder).length;

const isFitting = (row: Row, placeholder: number): boolean => placesIn(row, placeholder) === row.pictures.length;

/** A row with a place for each token of its pictures. */
function withPlaces({ ids, labels, pictures }: Row, placeholder: number): Placed {
  const placed: Placed = { ids: [], labels: [] };
  let next = 0;
  for (const [i, id] of ids.entries()) {
    const count = id === placeholder ? (pictures[next++] as number) : 1;
    const label = id === placeholder ? ignoredLabel : (labels[i] as number);
    for (let copy = 0; copy < count; copy++) {
      placed.ids.push(id);
      placed.labels.push(label);
    }
  }
  return placed;
}

/** What is left of a row that cannot be used: its words, of which nothing is learned. */
function withoutLessons({ ids }: Row, { placeholder, filler }: { placeholder: number; filler: number }): Placed {
  const words = ids.filter((id) => id !== placeholder);
  const kept = words.length ? words : [filler];
  return { ids: kept, labels: kept.map(() => ignoredLabel) };
}

interface Complaint {
  row: string;
  message: string;
  hint: string;
}

function complaintOf(row: Row, name: string, placeholder: number): Complaint | undefined {
  const places = placesIn(row, placeholder);
  const pictures = row.pictures.length;
  if (places === pictures) return undefined;
  const has = counted(pictures, "picture", "pictures");
  if (places === 0)
    return {
      row: name,
      message: `has ${has} and no place for any: no token ${placeholder} is in it`,
      hint:
        "Write <image> where the picture belongs, and let the template and this node have the same placeholder. If " +
        "its template cut the row, raise the length there, or set “Bad rows” to leave it out.",
    };
  return {
    row: name,
    message: `has ${counted(places, "place", "places")} for pictures (token ${placeholder}), and ${has}`,
    hint:
      places > pictures
        ? "Give the row a picture for each <image>, or take the <image> out that has none."
        : "Write an <image> for each of its pictures, or leave out those that are not asked about. If its template " +
          "cut the row, raise the length there, or set “Bad rows” to leave it out.",
  };
}

/** So many bad rows are named. */
const named = 10;

function stopped(complaints: readonly Complaint[]): Error {
  const [first, ...others] = complaints as [Complaint, ...Complaint[]];
  const more = others.length ? ` Nor do these fit: ${listed(others, named - 1)}.` : "";
  const subject = first.row.charAt(0).toUpperCase() + first.row.slice(1);
  return Object.assign(new Error(`${subject} ${first.message}.${more}`), { hint: first.hint });
}

function leftOut(complaints: readonly Complaint[], rows: number): string {
  const of = `of ${rows} rows cannot be used, and`;
  const which = counted(complaints.length, `${of} is`, `${of} are`);
  return `${which} left out, so that nothing is learned from them: ${listed(complaints, named)}.`;
}

function listed(complaints: readonly Complaint[], most: number): string {
  const shown = complaints.slice(0, most).map(({ row, message }) => `${row} ${message}`);
  const more = complaints.length - shown.length;
  return shown.join("; ") + (more ? `; and ${more} more` : "");
}
