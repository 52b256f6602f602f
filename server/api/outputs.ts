/** What a run gave, as the API tells it: what is small is in the answer, and the rest behind an address. */
import type { GraphDocument } from "#nodes/graph/document";
import { flattened } from "#nodes/graph/flatten";
import { sinks } from "#nodes/graph/plan";
import { resolve } from "#nodes/graph/resolve";
import { madeAt } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import type { PortType } from "#nodes/core/values";
import { numbersOf } from "../runs/stored-numbers";
import { textsOf } from "../runs/text-file";
import type { Blobs } from "../storage/blobs";
import { isStoredRows, type StoredOutputs, storedRowCount, storedTensor } from "../storage/stored-rows";
import { apiPath } from "./base";
import { endpointNamed } from "./places";
import type { ApiOutput } from "./schemas";

/** Of texts and numbers so many are in an answer. */
const inAnswer = { texts: 1000, numbers: 65_536, json: 2 ** 20 };

export interface Told {
  run: string;
  /** The outputs that are told, by "node.port". */
  places: readonly string[];
  outputs: Readonly<Record<string, StoredOutputs>>;
  document: GraphDocument;
  blobs: Blobs;
}

/** Outputs of a run by "node.port"; those that it did not give are left out. */
export async function toldOutputs({ run, places, outputs, document, blobs }: Told): Promise<Record<string, ApiOutput>> {
  const told = places.map(async (place) => {
    const asked = endpointNamed(place);
    const { node, port } = madeAt(document, asked);
    const stored = outputs[node]?.[port];
    return stored ? ([[place, await toldOutput(stored, { base: artifactAt(run, node, port), blobs })]] as const) : [];
  });
  return Object.fromEntries((await Promise.all(told)).flat());
}

/** Where an output of a run lies as a file. */
export function artifactAt(run: string, node: string, port: string): string {
  return `${apiPath()}/runs/${run}/artifacts/${encodeURIComponent(node)}/${encodeURIComponent(port)}`;
}

/** All that the last nodes of a graph give, as "node.port"; of the nodes that were asked for, where some were. */
export function lastOutputs(document: GraphDocument, targets: readonly string[] = []): string[] {
  const graph = resolve(document, registry);
  const ends = targets.length ? targets : sinks(graph);
  return ends.flatMap((node) => {
    const instance = flattened(document).instances.get(node);
    const ports = instance
      ? Object.keys(instance.outputs)
      : Object.keys(graph.nodes.get(node)?.definition.outputs ?? {});
    return ports.map((port) => `${node}.${port}`);
  });
}

interface Where {
  base: string;
  blobs: Blobs;
}
type Stored = StoredOutputs[string];

const tellers: Record<PortType, (stored: Stored, where: Where) => Promise<ApiOutput> | ApiOutput> = {
  number: ({ value }) => ({ type: "number", value: Number.isFinite(value) ? (value as number) : null }),
  text: toldTexts,
  tensor: toldTensor,
  image: toldPictures,
  file: toldFile,
  weights: toldFile,
  series: toldValue,
  ranking: toldValue,
  matrix: toldValue,
  gallery: toldValue,
  view: toldValue,
  tokenizer: toldValue,
};

async function toldOutput(stored: Stored, where: Where): Promise<ApiOutput> {
  return tellers[stored.type](stored, where);
}

async function toldTexts({ value }: Stored, { base, blobs }: Where): Promise<ApiOutput> {
  const rows = storedRowCount("text", value);
  const told = { type: "text", rows, href: base } as const;
  if (rows > inAnswer.texts) return told;
  const chunks = isStoredRows(value) ? value.chunks.map((chunk) => chunk.value) : [value];
  const values = (await Promise.all(chunks.map((chunk) => textsOf(chunk, blobs)))).flat();
  return { ...told, values };
}

async function toldTensor({ value }: Stored, { base, blobs }: Where): Promise<ApiOutput> {
  const { dtype, shape, refs } = storedTensor(value);
  const told = { type: "tensor", dtype, shape, href: base } as const;
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > inAnswer.numbers) return told;
  const chunks = isStoredRows(value) ? value.chunks.map((chunk) => storedTensor(chunk.value).shape) : [shape];
  const values: (number | string)[] = [];
  for (const [i, ref] of refs.entries()) {
    const size = (chunks[i] ?? []).reduce((product, length) => product * length, 1);
    values.push(...(await numbersOf(blobs, { ref, dtype, first: 0, count: size })).map(asNumber));
  }
  return { ...told, values };
}

/** What no number of JSON is, is a text. */
const asNumber = (number: number): number | string => (Number.isFinite(number) ? number : String(number));

/** A picture in the store, or one that stays where it lies. */
interface Picture {
  ref?: string;
  name?: string;
}

/** The pictures of an output, in order; none where it is pixels. */
export function picturesOf(value: unknown): Picture[] {
  const parts = isStoredRows(value) ? value.chunks.map((chunk) => chunk.value) : [value];
  return parts.flatMap((part) => (part as { files?: Picture[] }).files ?? []);
}

function toldPictures({ value }: Stored, { base }: Where): ApiOutput {
  const files = picturesOf(value).map(({ ref, name }, index) => ({
    name: name ?? `picture ${index + 1}`,
    href: ref ? `${base}?index=${index}` : undefined,
  }));
  return { type: "image", rows: storedRowCount("image", value), files };
}

function toldFile({ type, value }: Stored, { base }: Where): ApiOutput {
  const { name = "weights.safetensors", bytes, ref } = (value ?? {}) as { name?: string; bytes?: number; ref?: string };
  return { type: type as "file" | "weights", name, bytes, href: ref ? base : undefined };
}

/** A chart, a table of numbers or the like, as it is stored. */
function toldValue({ type, value }: Stored): ApiOutput {
  const isSmall = JSON.stringify(value ?? null).length <= inAnswer.json;
  return { type, value: isSmall ? value : undefined } as ApiOutput;
}
