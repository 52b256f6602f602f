/** The graph of the claims: the template “A small LLaVA from nothing”, smaller, and with weights to begin from. */
import { readFileSync } from "node:fs";
import { type GraphDocument, graphDocument } from "#nodes/graph/document";
import { type Changes, changed } from "../gen/changed";

const width = 64;
/** Of the words that everything begins with: tokenizer and weights belong together. */
const language = { side: 32, objects: 1, digits: 1, kinds: ["digit", "colour", "shape"], rows: 16_384 };

const small: Changes = {
  "llava/vision": { patch: 8, width, layers: 2, heads: 4 },
  "llava/projector": { width },
  "llava/words": { width },
  "llava/decoder": { width, layers: 2, heads: 4, keyHeads: 4, hidden: 2 * width },
  trainer: { lr: 0.002, weightDecay: 0, warmup: 0.05, batch: 32 },
  data: { rows: 4096 },
  unseen: { rows: 256 },
};

/** What the weights that all claims begin from have learned: colours, shapes and digits of pictures of 32 × 32. */
export const base: Changes = {
  data: language,
  unseen: { ...language, rows: 512 },
  "llava/tiler": { mode: "flat", tile: 32, patch: 8 },
  "llava/patches": { stride: 1 },
  trainer: { steps: 1500, batch: 64, warmup: 50 },
};

export function baseGraph(): GraphDocument {
  return changed(withWords(template()), small, base);
}

/** Begins from weights in a folder: tower, words and decoder; the projector is new. */
export function armGraph(folder: string, changes: readonly Changes[], seed: number): GraphDocument {
  const graph = withWords(template());
  graph.nodes.base = {
    type: "weights.load",
    version: 1,
    params: { source: "folder", folder, entry: "base.safetensors" },
    position: { x: 620, y: 620 },
  };
  for (const { from, to } of graph.wires) {
    if (from.node === "fresh" && to.port !== "projector") from.node = "base";
  }
  const all = [small, ...changes.map(forUnseenToo), { trainer: { seed }, fresh: { seed } }];
  return changed(graph, ...all);
}

function template(): GraphDocument {
  return graphDocument.parse(JSON.parse(readFileSync("nodes/templates/llava-from-nothing.json", "utf8")));
}

/** The tokenizer learns from rows of its own, which are the same for all. */
function withWords(graph: GraphDocument): GraphDocument {
  const { data } = graph.nodes;
  if (!data) throw new Error("The template has no node “data”.");
  graph.nodes.language = { ...data, params: language, position: { x: 0, y: -240 } };
  for (const { from, to } of graph.wires) {
    if (to.node === "tokenizer") from.node = "language";
  }
  return graph;
}

/** “*data” is the rows to learn from and the unseen ones. */
function forUnseenToo({ "*data": rows, ...others }: Changes): Changes {
  return rows ? { ...others, data: rows, unseen: rows } : others;
}
