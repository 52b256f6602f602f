/**
 * The captioner of BLIP's template writes what a published one writes in transformers: CapFilt's nodes that caption
 * pictures, with its weights, token for token, greedily and by beams, behind [DEC] alone and behind a prompt.
 */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeSafetensors } from "#models/files/safetensors";
import type { Tensor } from "#nodes/core/values";
import { type GraphDocument, graphDocument } from "#nodes/graph/document";
import { loadValue } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { readTemplate } from "#server/templates";
import { type Case, modelEntries } from "./conformance/set";
import { runDocument } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";
import { caption } from "./published/blip";

const captioners = modelEntries().filter(
  ({ folder, expected }) => expected.class === caption.className && existsSync(join(folder, "model.safetensors")),
);
const asked = captioners.flatMap((entry) =>
  entry.expected.cases.filter(({ call }) => call === "generate").map((one) => ({ name: entry.name, entry, one })),
);

describe.each(asked)("$name", ({ entry: { folder, expected }, one }) => {
  it(`writes the captions of ${one.name}`, async () => {
    const { tensors } = expected;
    const sequences = tensors[one.outputs.sequences ?? ""] as Tensor;
    const files = await temporaryFolder();
    const inputs = promptOf(one, tensors, sequences);
    await writeFile(join(files, "inputs.safetensors"), asFile(inputs));
    const { error, outputs } = await runDocument(await captionsOf(folder, files, inputs, one), files, {
      targets: ["write"],
      folders: [folder, files],
    });
    expect(error).toBeUndefined();
    const blobs = openBlobs(join(files, "blobs"));
    const written = (await loadValue("tensor", outputs.write?.tokens?.value as never, blobs)) as Tensor;
    const ids = Array.from(written.data, Number);
    expect(ids).toEqual(Array.from(sequences.data, Number).slice(inputs.ids.shape[1]));
  });
});

type Inputs = Record<"pixels" | "ids" | "mask", Tensor>;

/** [DEC], or a prompt whose first token becomes [DEC] and whose last, [SEP], is dropped. */
function promptOf({ inputs }: Case, tensors: Record<string, Tensor>, sequences: Tensor): Inputs {
  const pixels = tensors[inputs.pixel_values ?? ""] as Tensor;
  const given = tensors[inputs.input_ids ?? ""];
  const length = given ? (given.shape[1] as number) - 1 : 1;
  const shape = [1, length];
  const data = BigInt64Array.from(sequences.data.slice(0, length) as BigInt64Array);
  return {
    pixels,
    ids: { dtype: "int64", shape, data },
    mask: { dtype: "int64", shape, data: new BigInt64Array(length).fill(1n) },
  };
}

function asFile(inputs: Inputs): Uint8Array {
  const tensors = Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
    const numbers = data as Float32Array | BigInt64Array;
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    return { name, shape, dtype: dtype === "int64" ? "I64" : "F32", data: bytes };
  });
  return writeSafetensors(tensors);
}

/** CapFilt's nodes that write captions, given a checkpoint, a tokenizer and the numbers of a file. */
async function captionsOf(folder: string, files: string, inputs: Inputs, { kwargs }: Case): Promise<GraphDocument> {
  const template = (await readTemplate("blip-capfilt")) as GraphDocument;
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const { first_shared, first_tie, writing_vision, writing, write } = template.nodes;
  const beams = kwargs?.num_beams as number | undefined;
  const search = beams ? { strategy: "beams", beams } : { strategy: "greedy" };
  Object.assign(write?.params ?? {}, search, { repetition: 1, longest: kwargs?.max_new_tokens, ends: "" });
  const columns = Object.entries(inputs).map(([name, { dtype, shape }]) => ({
    name,
    as: dtype,
    row: shape.slice(1),
  }));
  const document = graphDocument.parse({
    ...template,
    frames: {},
    notes: {},
    nodes: {
      ...{ first_shared, first_tie, writing_vision, writing, write },
      load: { type: "weights.load", params: { source: "folder", folder } },
      weights: { type: "weights.from-hugging-face", params: {} },
      tokenizer: { type: "text.load-tokenizer", params: { source: "folder", folder } },
      inputs: { type: "data.tensors", params: { folder: files, files: "inputs.safetensors", columns } },
    },
    wires: wiresOf([
      "load.weights -> weights.weights",
      "weights.weights -> first_shared.weights",
      "first_shared.weights -> first_tie.weights",
      "first_tie.weights -> writing_vision.weights",
      "first_tie.weights -> writing.weights",
      "inputs.pixels -> writing_vision.pixels",
      "inputs.ids -> writing.ids",
      "inputs.mask -> writing.mask",
      "writing_vision.tokens -> writing.image_tokens",
      "writing.logits -> write.logits",
      "tokenizer.tokenizer -> write.tokenizer",
    ]),
  });
  return withSizes(document, config);
}

const wiresOf = (wires: readonly string[]) =>
  wires.map((wire) => {
    const [from = "", to = ""] = wire.split(" -> ");
    const endpoint = (text: string) => ({ node: text.split(".")[0], port: text.split(".")[1] });
    return { from: endpoint(from), to: endpoint(to) };
  });

/** The template's constants and parameters for a folder's sizes. */
function withSizes(document: GraphDocument, config: Parameters<typeof caption.constants>[0]): GraphDocument {
  for (const [name, value] of Object.entries(caption.constants(config, {}))) {
    const constant = document.constants?.[name];
    if (constant) constant.value = value as number;
  }
  const params = caption.params?.(config, {} as Case) ?? {};
  for (const { nodes } of [document, ...Object.values(document.composites ?? {})]) {
    for (const node of Object.values(nodes)) Object.assign(node.params, params[node.type]);
  }
  return document;
}
