/** JSON files of other programs that people try to open as graphs, each known by what only its files have. */

type Json = Record<string, unknown>;
interface Format {
  /** As a sentence names it: "a ComfyUI workflow". */
  name: string;
  /** What to do with it, where Patchbay has a use for it. */
  hint?: string;
  isThis(json: Json, list: readonly Json[]): boolean;
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objectsIn = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const part = (json: Json, name: string): Json => (isObject(json[name]) ? json[name] : {});
const hasText = (json: Json, name: string): boolean => typeof json[name] === "string";
const has = (json: Json, ...names: string[]): boolean => names.every((name) => Object.hasOwn(json, name));

/** The program that a value of JSON is of, and what to do; nothing when it is of none that is known. */
export function foreignFormat(json: unknown): { name: string; hint?: string } | undefined {
  if (Array.isArray(json)) return lists.find(({ isThis }) => isThis({}, objectsIn(json)));
  return isObject(json) ? objects.find(({ isThis }) => isThis(json, objectsIn(json.nodes))) : undefined;
}

const importHint = "Patchbay reads models as .onnx files: put one into the node “ONNX model”.";
const weightsHint = "Patchbay reads weights as .safetensors files: put one into the node “Load checkpoint”.";

/** Files whose outermost value is a list; they are given its objects. */
const lists: readonly Format[] = [
  {
    name: "a Node-RED flow",
    isThis: (_, list) => list.length > 0 && list.every((node) => has(node, "id", "type")) && list.some(isNodeRed),
  },
];

const isNodeRed = (node: Json): boolean =>
  node.type === "tab" || node.type === "subflow" || (Array.isArray(node.wires) && has(node, "z"));

/** Files whose outermost value is an object, beside the objects in its list `nodes`; narrow ones before wide ones. */
const objects: readonly Format[] = [
  {
    name: "a ComfyUI workflow",
    isThis: (json, nodes) => isComfyPrompt(json) || isComfyPrompt(part(json, "prompt")) || isComfyCanvas(json, nodes),
  },
  {
    name: "an n8n workflow",
    isThis: (json, nodes) =>
      isObject(json.connections) && nodes.every((node) => has(node, "type", "name")) && has(json, "nodes"),
  },
  {
    name: "a Node-RED flow",
    isThis: (json, nodes) => has(json, "flows") && objectsIn(json.flows).some(isNodeRed) && !nodes.length,
  },
  {
    name: "an InvokeAI workflow",
    isThis: (json, nodes) =>
      (has(json, "exposedFields") && has(json, "nodes")) ||
      nodes.some((node) => node.type === "invocation") ||
      Object.values(part(json, "nodes")).some((node) => isObject(node) && has(node, "is_intermediate")),
  },
  { name: "a LangFlow flow", isThis: (json) => isLangFlow(objectsIn(part(json, "data").nodes)) },
  { name: "a LangFlow flow", isThis: (_, nodes) => isLangFlow(nodes) },
  {
    name: "a Flowise flow",
    isThis: (_, nodes) =>
      nodes.some(({ data }) => isObject(data) && (has(data, "inputAnchors") || has(data, "inputParams"))),
  },
  {
    name: "a Dify app",
    isThis: (json) => has(json, "workflow") && isObject(part(json, "workflow").graph),
  },
  { name: "a chaiNNer chain", isThis: (json) => isObject(json.content) && has(json, "checksum") },
  { name: "an Obsidian canvas", isThis: (json, nodes) => Array.isArray(json.edges) && nodes.some(isCanvasCard) },
  { name: "an Excalidraw drawing", isThis: (json) => json.type === "excalidraw" },
  { name: "a Jupyter notebook", isThis: (json) => has(json, "nbformat") || has(json, "cells", "metadata") },
  {
    name: "an ONNX model written as JSON",
    hint: importHint,
    isThis: (json) => (has(json, "irVersion") || has(json, "ir_version")) && isObject(json.graph),
  },
  {
    name: "a TensorFlow.js model",
    hint: importHint,
    isThis: (json) => has(json, "modelTopology") || has(json, "weightsManifest"),
  },
  {
    name: "a Keras model's configuration",
    hint: importHint,
    isThis: (json) => hasText(json, "class_name") && isObject(json.config),
  },
  {
    name: "a Diffusers pipeline's configuration",
    hint: importHint,
    isThis: (json) => has(json, "_diffusers_version") || has(json, "_class_name"),
  },
  {
    name: "the list of a checkpoint's parts",
    hint: weightsHint,
    isThis: (json) => isObject(json.weight_map),
  },
  { name: "an adapter's configuration (PEFT)", hint: weightsHint, isThis: (json) => hasText(json, "peft_type") },
  {
    name: "a tokenizer",
    hint: "Put a tokenizer.json into the node “Load tokenizer”.",
    isThis: (json) => has(json, "tokenizer_class") || (has(json, "added_tokens") && isObject(json.model)),
  },
  {
    name: "a model's configuration from Hugging Face",
    hint: importHint,
    isThis: (json) =>
      ["model_type", "architectures", "transformers_version", "image_processor_type", "feature_extractor_type"].some(
        (name) => has(json, name),
      ),
  },
  { name: "an npm lock file", isThis: (json) => has(json, "lockfileVersion") },
  { name: "a TypeScript configuration", isThis: (json) => isObject(json.compilerOptions) },
  {
    name: "a package.json",
    isThis: (json) =>
      hasText(json, "name") &&
      ["dependencies", "devDependencies", "scripts", "peerDependencies", "engines"].some((name) =>
        isObject(json[name]),
      ),
  },
  { name: "an OpenAPI description", isThis: (json) => has(json, "openapi") || has(json, "swagger") },
  {
    name: "a COCO dataset's annotations",
    hint: "Patchbay reads pictures with captions from a folder: see the node “Folder with captions”.",
    isThis: (json) => Array.isArray(json.images) && Array.isArray(json.annotations),
  },
  { name: "GeoJSON", isThis: (json) => json.type === "FeatureCollection" },
  { name: "a Lottie animation", isThis: (json) => Array.isArray(json.layers) && has(json, "fr") },
  {
    name: "a React Flow export",
    isThis: (json, nodes) => Array.isArray(json.edges) && nodes.every((node) => has(node, "id")) && has(json, "nodes"),
  },
  { name: "a JSON Schema", isThis: (json) => hasText(json, "$schema") && has(json, "properties") },
];

/** The form that its server takes: nodes by number. */
const isComfyPrompt = (json: Json): boolean => {
  const nodes = Object.values(json);
  return nodes.length > 0 && nodes.every((node) => isObject(node) && hasText(node, "class_type"));
};

/** The form that its editor saves: nodes and links as lists. */
const isComfyCanvas = (json: Json, nodes: readonly Json[]): boolean =>
  Array.isArray(json.links) &&
  Array.isArray(json.nodes) &&
  (has(json, "last_node_id") ||
    has(json, "last_link_id") ||
    has(part(json, "state"), "lastNodeId") ||
    nodes.some((node) => has(node, "widgets_values")));

const isLangFlow = (nodes: readonly Json[]): boolean =>
  nodes.some((node) => node.type === "genericNode" || node.type === "noteNode" || isObject(part(node, "data").node));

const isCanvasCard = (node: Json): boolean => has(node, "x", "y", "width", "height") && hasText(node, "type");
