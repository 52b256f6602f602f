/** The graph of the claims: the template “A small LLaVA from nothing”, smaller, and with weights to begin from. */
import { readFileSync } from "node:fs";
import type { Changes } from "./claims";

interface Node {
  type: string;
  version: number;
  params: Record<string, unknown>;
  position: { x: number; y: number };
}
interface Wire {
  from: { node: string; port: string };
  to: { node: string; port: string };
}
export interface GraphFile {
  nodes: Record<string, Node>;
  wires: Wire[];
}

const width = 64;
/** Of the words that everything begins with: tokenizer and weights belong together. */
const language = { side: 32, objects: 1, digits: 1, kinds: ["digit", "colour", "shape"], rows: 16_384 };

const small: Changes = {
  "*vision": { patch: 8, width, layers: 2, heads: 4 },
  "*projector": { width },
  "*words": { width },
  "*decoder": { width, layers: 2, heads: 4, keyHeads: 4, hidden: 2 * width },
  trainer: { lr: 0.002, weightDecay: 0, warmup: 0.05, batch: 32 },
  data: { rows: 4096 },
  unseen: { rows: 256 },
};

/** What the weights that all claims begin from have learned: colours, shapes and digits of pictures of 32 × 32. */
export const base: Changes = {
  data: language,
  unseen: { ...language, rows: 512 },
  "*tiler": { mode: "flat", tile: 32, patch: 8 },
  "*patches": { stride: 1 },
  trainer: { steps: 1500, batch: 64, warmup: 50 },
};

export function baseGraph(): GraphFile {
  return changed(withWords(template()), small, base);
}

/** Begins from weights in a folder: tower, words and decoder; the projector is new. */
export function armGraph(folder: string, changes: readonly Changes[], seed: number): GraphFile {
  const graph = withWords(template());
  graph.nodes.base = {
    type: "weights.load",
    version: 1,
    params: { source: "folder", folder, entry: "base.safetensors" },
    position: { x: 620, y: 620 },
  };
  for (const { from, to } of graph.wires) {
    const isLearned = ["vision", "words", "decoder"].includes(to.node);
    if (from.node === "fresh" && isLearned) from.node = "base";
  }
  return changed(graph, small, ...changes, { trainer: { seed }, fresh: { seed } });
}

function template(): GraphFile {
  return JSON.parse(readFileSync("nodes/templates/llava-from-nothing.json", "utf8")) as GraphFile;
}

/** The tokenizer learns from rows of its own, which are the same for all. */
function withWords(graph: GraphFile): GraphFile {
  const data = graph.nodes.data as Node;
  graph.nodes.language = { ...data, params: language, position: { x: 0, y: -240 } };
  for (const { from, to } of graph.wires) {
    if (to.node === "tokenizer") from.node = "language";
  }
  return graph;
}

function changed(graph: GraphFile, ...all: readonly Changes[]): GraphFile {
  for (const [name, params] of all.flatMap((changes) => Object.entries(changes))) {
    for (const id of idsOf(name)) Object.assign((graph.nodes[id] as Node).params, params);
  }
  return graph;
}

/** “*tiler” is tiler and test_tiler; “*data” the rows to learn from and the unseen ones. */
function idsOf(name: string): string[] {
  if (name === "*data") return ["data", "unseen"];
  return name.startsWith("*") ? [name.slice(1), `test_${name.slice(1)}`] : [name];
}
