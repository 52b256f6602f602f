/**
 * Templates that name models and data which nobody ships, given tiny ones with random weights in their place, so that
 * they run wherever the tests do.
 */
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { constantIn, paramsWith } from "#nodes/graph/constants";
import type { Constant, GraphDocument } from "#nodes/graph/document";

export const tinyFolder = resolve("tests/fixtures/conformance");
/** A few rows of the data that templates fetch, and adapters on tiny models. */
const dataFolder = resolve("tests/fixtures/templates");
/** What graphs on tiny models must be allowed to read. */
export const tinyFolders = [tinyFolder, dataFolder];

/** What takes a model's place, and what of the nodes around it follows from its sizes and its tokens. */
interface StandIn {
  model: string;
  /** Values of parameters, from those that go with the model that a template names. */
  sizes?: Readonly<Record<string, readonly [from: number | string, to: number | string]>>;
  /** A token of its own in place of one that templates write. */
  token?: readonly [from: string, to: string];
}
const nextResolutions = "(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)";

/** By the names of the folders in templates. */
const standIns: Readonly<Record<string, StandIn>> = {
  "SmolLM2-135M-Instruct": { model: "qwen2" },
  "all-MiniLM-L6-v2": { model: "bert" },
  "clip-vit-base-patch32": { model: "clip" },
  smollm2: {
    model: "qwen2",
    sizes: { width: [576, 32], placeholder: [6, 396] },
    token: ["<filename>", "<|endoftext|>"],
  },
  "llava-onevision-qwen2-0.5b-ov-hf": {
    model: "llava-onevision",
    sizes: { width: [896, 32], tile: [384, 20], patch: [14, 4], placeholder: [151_646, 369] },
  },
  "llava-v1.6-mistral-7b-hf": {
    model: "llava-next",
    sizes: {
      width: [4096, 32],
      tile: [336, 20],
      patch: [14, 4],
      placeholder: [32_000, 380],
      resolutions: [nextResolutions, "(20, 40), (40, 20), (40, 40), (60, 20), (20, 60)"],
    },
  },
};
/** Folders of data and of adapters, by their names. */
const dataStandIns = ["easy-vqa", "small-lmm"];

/** Parameters that choose a tiny model by its folder. */
export function tinyModel(name: string): { source: "folder"; folder: string; config: string } {
  const folder = join(tinyFolder, name);
  return { source: "folder", folder, config: readFileSync(join(folder, "config.json"), "utf8") };
}

/** All nodes, those inside of composites too, with the values of constants in place of their names. */
function nodesWithin({ nodes, composites = {}, constants = {} }: GraphDocument): Nodes[string][] {
  const levels = [nodes, ...Object.values(composites).map((composite) => composite.nodes)];
  return levels.flatMap((level) =>
    Object.values(level).map((node) => ({ ...node, params: paramsWith(constants, node.params) })),
  );
}

const folderNames = (document: GraphDocument): string[] => [
  ...new Set(nodesWithin(document).map(({ params }) => basename(String(params.folder ?? "")))),
];

/** The tiny models that stand in for those that a graph names. */
export function tinyModelsFor(document: GraphDocument): string[] {
  return [...new Set(folderNames(document).flatMap((name) => standIns[name]?.model ?? []))];
}

/** The same graph on tiny models; it itself where it names none. */
export function onTinyModels(document: GraphDocument): GraphDocument {
  const used = folderNames(document).flatMap((name) => standIns[name] ?? []);
  const { constants = {}, composites } = document;
  const standing = { ...constants };
  const onTiny = (nodes: Nodes): Nodes =>
    Object.fromEntries(
      Object.entries(nodes).map(([id, node]) => {
        const given = paramsWith(constants, node.params);
        const changed = Object.entries({ ...fitting(given, used), ...choiceFor(given) });
        // What stays as it is still says which constant it is, and what a constant says is said of the constant.
        const others = changed
          .filter(([param, value]) => JSON.stringify(value) !== JSON.stringify(given[param]))
          .filter(([param, value]) => !givenToConstant(standing, constantIn(node.params[param]), value));
        return [id, { ...node, params: { ...node.params, ...Object.fromEntries(others) } }];
      }),
    );
  const nodes = onTiny(document.nodes);
  const inside = Object.entries(composites ?? {}).map(([id, composite]) => [
    id,
    { ...composite, nodes: onTiny(composite.nodes) },
  ]);
  return {
    ...document,
    nodes,
    ...(composites && { composites: Object.fromEntries(inside) }),
    ...(document.constants && { constants: standing }),
  };
}

/** Gives a value to the constant of a name, to which parameters go on referring. Whether there is one. */
function givenToConstant(constants: Record<string, Constant>, name: string | undefined, value: unknown): boolean {
  const constant = name === undefined ? undefined : constants[name];
  if (name === undefined || !constant) return false;
  constants[name] = { ...constant, value } as Constant;
  return true;
}

type Nodes = GraphDocument["nodes"];
type Params = Nodes[string]["params"];

/** The folder that stands in for the one that is chosen. */
function choiceFor(params: Params): Params {
  const name = basename(String(params.folder ?? ""));
  if (dataStandIns.includes(name)) return { folder: join(dataFolder, name) };
  const model = standIns[name]?.model;
  if (model === undefined) return {};
  const { source, folder, config } = tinyModel(model);
  return { folder, ...("source" in params && { source }), ...("config" in params && { config }) };
}

/** Parameters that follow from a model, as they are with the one that stands in. */
function fitting(params: Params, used: readonly StandIn[]): Params {
  let text = JSON.stringify(params);
  for (const { token } of used) if (token) text = text.replaceAll(token[0], token[1]);
  const fitted = JSON.parse(text) as Params;
  for (const { sizes = {} } of used) {
    for (const [name, [from, to]] of Object.entries(sizes)) if (fitted[name] === from) fitted[name] = to;
  }
  return fitted;
}
