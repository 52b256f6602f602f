import { describe, expect, it } from "vitest";
import { check } from "./check";
import { limits } from "./document";
import { parseDocument, parsePart, parseText } from "./parse";
import { partText } from "./part-text";
import type { Problem } from "./problem";

const node = (params: object = {}, more: object = {}) => ({ type: "text.input", version: 1, params, ...more });
const document = (nodes: object = { a: node() }, more: object = {}) => ({ schema: 1, nodes, wires: [], ...more });
const problemsOf = (text: string): Problem[] => parseText(text).problems ?? [];
const first = (text: string): string => problemsOf(text)[0]?.message ?? "";

/** Each place of a graph that holds a text, with that text in it. */
const places: [string, (text: string) => object][] = [
  ["the graph's name", (text) => document(undefined, { name: text })],
  ["the graph's description", (text) => document(undefined, { description: text })],
  ["a node's title", (text) => document({ a: node({}, { title: text }) })],
  ["a node's note", (text) => document({ a: node({}, { note: text }) })],
  ["a parameter", (text) => document({ a: node({ text }) })],
  ["a list in a parameter", (text) => document({ a: node({ text: ["fine", text] }) })],
  ["a file's name", (text) => document({ a: node({ images: [{ ref: "0".repeat(64), name: text }] }) })],
];

describe("text that is no text", () => {
  it.each(places)("with half a character in %s is mended, whole characters beside it stay", (_, make) => {
    for (const half of ["\ud83d", "\ude00", "\ude00\ud83d"]) {
      const json = JSON.stringify(make(`smile 😀 ${half} é`));
      const { document } = parseText(json);
      expect(document).toBeDefined();
      const text = JSON.stringify(document);
      expect(text).not.toMatch(/\\u[dD][89a-fA-F]/);
      expect(text).toContain(`smile 😀 ${"\ufffd".repeat(half.length)} é`);
    }
  });
  it.each(places)("with a NUL in %s is refused, and the place is said", (_, make) => {
    const path = { nodes: /nodes\.a\./, other: /name|description/ };
    const value = make("a\0b");
    const expected = "name" in value || "description" in value ? path.other : path.nodes;
    expect(first(JSON.stringify(value))).toMatch(/NUL character, at /);
    expect(first(JSON.stringify(value))).toMatch(expected);
  });
  it("is mended in a value that was parsed elsewhere, and in what is pasted", () => {
    expect(parseDocument(document({ a: node({ text: "\ud83d" }) })).document?.nodes.a?.params.text).toBe("\ufffd");
    const part = { nodes: document({ a: node({ text: "\ud83d" }) }).nodes, wires: [] } as never;
    expect(parsePart(partText(part)).part?.nodes.a?.params.text).toBe("\ufffd");
  });
});

describe("JSON that JSON.parse passes over in silence", () => {
  it.each([
    [
      '{"schema":1,"nodes":{"a":{"type":"text.input"},"a":{"type":"text.prompts"}},"wires":[]}',
      /Two nodes have the id “a”/,
    ],
    [
      '{"schema":1,"nodes":{"a":{"type":"text.input"},"\\u0061":{"type":"text.prompts"}},"wires":[]}',
      /Two nodes have the id “a”/,
    ],
    [
      '{"schema":1,"nodes":{"a":{"type":"text.input","params":{"text":"x","text":"y"}}},"wires":[]}',
      /nodes\.a\.params names “text” twice/,
    ],
    ['{"schema":1,"schema":1,"nodes":{},"wires":[]}', /The graph names “schema” twice/],
    [
      '{"schema":1,"nodes":{},"wires":[{"from":{"node":"a","port":"x","node":"b"},"to":{"node":"b","port":"y"}}]}',
      /wires\[0\]\.from names “node” twice/,
    ],
  ])("%s is an error", (text, message) => {
    expect(first(text)).toMatch(message);
    expect(problemsOf(text)[0]).toMatchObject({ severity: "error", hint: expect.stringMatching(/./) });
  });
  it("all of two names are told at once, and equal names in different objects are none", () => {
    const twice =
      '{"schema":1,"nodes":{"a":{"type":"x.y"},"a":{"type":"x.y"},"b":{"type":"x.y"},"b":{"type":"x.y"}},"wires":[]}';
    expect(problemsOf(twice).map((problem) => problem.node)).toEqual(["a", "b"]);
    const text = JSON.stringify(
      document({ a: node({ text: 'a "quoted" \\ {"a": [1, "a"]} text' }), b: node({ text: "" }) }),
    );
    expect(problemsOf(text)).toEqual([]);
  });
  it.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"])("“%s” is no id", (id) => {
    const text = `{"schema":1,"nodes":{"${id}":{"type":"text.input"}},"wires":[]}`;
    expect(first(text)).toMatch(new RegExp(`${id}.*name of JavaScript itself`));
    const { problems } = parseDocument(JSON.parse(text));
    expect(problems?.[0]?.message).toMatch(/name of JavaScript itself/);
  });
  it("“__proto__” is no name of a parameter", () => {
    const text = '{"schema":1,"nodes":{"a":{"type":"text.input","params":{"__proto__":{"text":"x"}}}},"wires":[]}';
    expect(first(text)).toMatch(/nodes\.a\.params has something named “__proto__”/);
  });
  it.each([101, 5000, 200_000])("%i levels are answered, in a text and in a value", (levels) => {
    const deep = `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const text = `{"schema":1,"nodes":{"a":{"type":"text.input","params":{"text":${deep}}}},"wires":[]}`;
    expect(first(text)).toMatch(/nested too deeply/);
    expect(parseDocument(JSON.parse(text)).problems?.[0]?.message).toMatch(/nested too deeply/);
    expect(first(deep)).toMatch(/no Patchbay graph/);
  });
  it("a table within a table is not too deep", () => {
    const text = JSON.stringify(document({ a: node({ rows: [{ groups: [{ match: [["a"]] }] }] }) }));
    expect(problemsOf(text)).toEqual([]);
  });
  it("reads a text that begins with a byte-order mark", () => {
    expect(parseText(`\ufeff${JSON.stringify(document())}`).document?.nodes.a?.type).toBe("text.input");
  });
});

describe("JSON of another program", () => {
  const flowNode = { id: "1", position: { x: 0, y: 0 } };
  it.each<[string, unknown]>([
    ["a ComfyUI workflow", { "3": { class_type: "KSampler", inputs: { model: ["4", 0] } } }],
    ["a ComfyUI workflow", { client_id: "x", prompt: { "3": { class_type: "KSampler", inputs: {} } } }],
    [
      "a ComfyUI workflow",
      { last_node_id: 9, last_link_id: 9, nodes: [{ id: 1, type: "KSampler" }], links: [], version: 0.4 },
    ],
    ["a ComfyUI workflow", { version: 1, state: { lastNodeId: 3 }, nodes: [], links: [], config: {} }],
    [
      "an n8n workflow",
      { name: "x", nodes: [{ name: "s", type: "n8n-nodes-base.set", typeVersion: 1 }], connections: {} },
    ],
    [
      "a Node-RED flow",
      [
        { id: "1", type: "tab", label: "Flow" },
        { id: "2", type: "inject", z: "1", wires: [[]] },
      ],
    ],
    ["an InvokeAI workflow", { name: "", exposedFields: [], nodes: [], edges: [], meta: { version: "3.0.0" } }],
    ["an InvokeAI workflow", { id: "x", nodes: { a: { type: "noise", is_intermediate: true } }, edges: [] }],
    ["a LangFlow flow", { name: "x", data: { nodes: [{ ...flowNode, type: "genericNode", data: {} }], edges: [] } }],
    ["a Flowise flow", { nodes: [{ ...flowNode, type: "customNode", data: { inputAnchors: [] } }], edges: [] }],
    ["a Jupyter notebook", { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 }],
    ["a model's configuration from Hugging Face", { architectures: ["CLIPModel"], model_type: "clip" }],
    ["a Diffusers pipeline's configuration", { _class_name: "StableDiffusionPipeline", _diffusers_version: "0.30" }],
    ["the list of a checkpoint's parts", { metadata: {}, weight_map: { w: "a.safetensors" } }],
    ["a tokenizer", { version: "1.0", added_tokens: [], model: { type: "BPE", vocab: {} } }],
    ["a package.json", { name: "x", version: "1.0.0", dependencies: {} }],
    ["an ONNX model written as JSON", { irVersion: "8", graph: { node: [] }, opsetImport: [] }],
    ["a TensorFlow.js model", { format: "graph-model", modelTopology: {}, weightsManifest: [] }],
    ["a React Flow export", { nodes: [{ ...flowNode, data: {} }], edges: [], viewport: { x: 0, y: 0, zoom: 1 } }],
    ["a React Flow export", { nodes: [], edges: [] }],
    ["an Obsidian canvas", { nodes: [{ id: "1", type: "text", x: 0, y: 0, width: 1, height: 1 }], edges: [] }],
  ])("is named: %s", (name, json) => {
    expect(first(JSON.stringify(json))).toBe(`This is ${name}, not a Patchbay graph.`);
    expect(parseDocument(json).problems?.[0]?.message).toBe(`This is ${name}, not a Patchbay graph.`);
  });
  it.each<[string, unknown]>([
    ["it lacks schema, nodes and wires", {}],
    ["it lacks schema and wires", { nodes: {} }],
    ["it lacks wires", { schema: 1, nodes: {} }],
    ["its nodes are a list", { schema: 1, nodes: [], wires: [] }],
    ["something else", "graph"],
    ["something else", null],
    ["something else", [1, 2]],
  ])("or it is said why it is none: %s", (reason, json) => {
    expect(first(JSON.stringify(json))).toMatch(`This is no Patchbay graph: `);
    expect(first(JSON.stringify(json))).toContain(reason);
  });
});

describe("a graph of another time or size", () => {
  it("a node of a newer version of its type is an error with both versions, and nothing else is said of it", () => {
    const { document: read } = parseText(
      JSON.stringify(document({ a: node({ text: 5, tone: "warm" }, { version: 9 }), b: node() })),
    );
    const problems = read ? check(read).problems : [];
    expect(problems).toMatchObject([
      { code: "newer-version", severity: "error", node: "a", message: expect.stringMatching(/version 9 .* up to 1/) },
    ]);
    expect(problems[0]?.hint).toMatch(/Update Patchbay/);
  });
  it("may have 2,000 nodes, and says so when it has more", () => {
    const nodes = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, node()]));
    expect(problemsOf(JSON.stringify(document(nodes(limits.nodes))))).toEqual([]);
    expect(first(JSON.stringify(document(nodes(limits.nodes + 1))))).toBe(
      "The graph has 2001 nodes; 2000 is the limit.",
    );
  });
});
