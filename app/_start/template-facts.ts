/** What a template is of and what it needs, read from its graph: a card never says what the graph does not. */
import type { GraphDocument, GraphNode } from "#nodes/graph/document";
import { flattened } from "#nodes/graph/flatten";

/** In the order in which they are shown. */
export const groups = [
  "Contrastive",
  "Fusion",
  "Masked",
  "Generative",
  "Language and pictures",
  "Language",
  "Transfer and embeddings",
] as const;
/** The group of what people published here. */
export const publishedGroup = "Published here";
/** The group of what registries have, and nobody here began from yet. */
export const registryGroup = "From registries";
export type Group = (typeof groups)[number];

export interface TemplateFacts {
  group: Group;
  tags: string[];
  /** What has to be there before it runs. */
  needs: string[];
  /** Of the graph, and of the data that comes with its nodes where that has others. */
  licence: string;
}

export function factsOf(document: GraphDocument): TemplateFacts {
  const nodes = Object.values(flattened(document).document.nodes);
  const types = new Set(nodes.map(({ type }) => type));
  return { group: groupOf(types), tags: tagsOf(types), needs: needsOf(nodes), licence: licenceOf(nodes) };
}

/** What tells the systems of a group: node types that only they have together. The first that fits counts. */
const groupsByParts: readonly (readonly [types: readonly string[], group: Group])[] = [
  [["loss.masked-pixels"], "Masked"],
  [["model.bert", "loss.causal-lm"], "Generative"],
  [["model.matching-pairs"], "Fusion"],
  [["loss.word-patch-alignment"], "Fusion"],
];

function groupOf(types: ReadonlySet<string>): Group {
  const system = groupsByParts.find(([parts]) => parts.every((type) => types.has(type)));
  if (system) return system[1];
  const writes = types.has("text.generate") || types.has("model.llm-decoder");
  const joins = types.has("model.splice") || types.has("text.place-images");
  if (joins) return "Language and pictures";
  if (writes) return "Language";
  const contrasts = [
    "loss.info-nce",
    "loss.sigmoid",
    "eval.zero-shot-classifier",
    "eval.retrieval",
    "loss.soft-targets",
  ];
  return contrasts.some((type) => types.has(type)) ? "Contrastive" : "Transfer and embeddings";
}

const tagsByType: Readonly<Record<string, string>> = {
  "train.trainer": "trains",
  "data.emoji": "emoji",
  "data.mnist": "MNIST",
  "data.shape-caps": "ShapeCaps",
  "data.emoji-questions": "emoji",
  "data.conversations": "conversations",
  "model.onnx": "ONNX",
  "model.hugging-face": "Hugging Face",
  "model.lora": "LoRA",
  "image.anyres-tiler": "AnyRes",
  "eval.zero-shot-classifier": "zero-shot",
  "eval.retrieval": "retrieval",
  "eval.search": "search",
  "text.generate": "writes text",
  "loss.masked-lm": "masked words",
  "loss.masked-pixels": "masked pictures",
  "model.hard-negatives": "hard negatives",
  "weights.average": "momentum",
};

function tagsOf(types: ReadonlySet<string>): string[] {
  return [...new Set(Object.entries(tagsByType).flatMap(([type, tag]) => (types.has(type) ? [tag] : [])))];
}

/** The licences of the sets of drawings, by the names that the node has for them. */
const drawings: Readonly<Record<string, string>> = {
  openmoji: "CC BY-SA 4.0",
  noto: "Apache 2.0",
  twemoji: "CC BY 4.0",
  fluent: "MIT",
};

/** Those that the node takes where a graph does not say which. */
export const usualDrawings: readonly string[] = ["openmoji", "noto", "twemoji"];

/** What Patchbay itself makes, ShapeCaps' pictures among it, is under its own licence, as MNIST's package is. */
function licenceOf(nodes: readonly GraphNode[]): string {
  const sets = nodes.flatMap(({ type, params }) =>
    type === "data.emoji" ? ((params.vendors as string[] | undefined) ?? usualDrawings) : [],
  );
  const others = [...new Set(sets.map((set) => drawings[set]))].filter((licence) => licence && licence !== "MIT");
  return others.length ? `MIT; drawings ${others.join(", ")}` : "MIT";
}

/** Folders that its nodes read, but for those that come with Patchbay. */
function needsOf(nodes: readonly GraphNode[]): string[] {
  const needs = nodes.flatMap(({ params: { source, folder, model } }) => {
    if (source === "hub") return [`${model || "a model"} from the hub`];
    if (source !== "folder" || typeof folder !== "string" || folder.startsWith("shipped/")) return [];
    const name = folder.slice(folder.lastIndexOf("/") + 1);
    if (folder.startsWith("fetched/")) return [`a download of ${name}`];
    return [name ? `a model, such as ${name}` : "a model of yours"];
  });
  return [...new Set(needs)];
}
