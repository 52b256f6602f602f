import { describe, expect, it } from "vitest";
import { check } from "./check";
import { type GraphDocument, limits } from "./document";
import { expand, make } from "./make-composite";
import { openedFile, openedText } from "./pictured";
import { parseDocument, parsePart, parseText } from "./parse";

const node = (params: object = {}, more: object = {}) => ({ type: "text.input", version: 1, params, ...more });
const file = (parts: object): string => JSON.stringify({ schema: 3, nodes: { a: node() }, wires: [], ...parts });
const reasonOf = (text: string): string | undefined => parseText(text).problems?.[0]?.message;

/** `inner` in so many objects, or lists, in each other. */
const nested = (depth: number, open: string, close: string, inner = "0") =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

describe("a file that was made to do harm", () => {
  it.each([
    ["objects in parameters", `"params":{"text":${nested(5000, '{"a":', "}")}}`],
    ["lists in a field that is not known", `"extra":${nested(5000, "[", "]")}`],
    ["the constant of a constant", `"params":{"text":${nested(5000, '{"$":', "}")}}`],
  ])("is refused for %s, however deep they are", (_, part) => {
    const text = `{"schema":3,"nodes":{"a":{"type":"text.input",${part}}},"wires":[]}`;
    expect(reasonOf(text)).toMatch(/nested too deeply/);
    expect(parsePart(text.replace('"schema":3', '"patchbay":1')).problems?.[0]?.message).toMatch(/nested too deeply/);
    expect(openedText(text)?.kind).toBe("problem");
    expect(openedFile(new TextEncoder().encode(text), "graph.json").kind).toBe("problem");
  });

  it.each([
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "prototype",
  ])("cannot name things “%s” to get at what is behind all objects", (name) => {
    const named = (table: string, value: object) =>
      `{"schema":3,"nodes":{},"wires":[],"${table}":{"${name}":${JSON.stringify(value)}}}`;
    const frame = { title: "x", position: { x: 0, y: 0 }, size: { width: 99, height: 99 } };
    const composite = { title: "x", nodes: {}, wires: [], inputs: {}, outputs: {}, params: {} };
    const texts = [
      named("nodes", node()).replace('"nodes":{},', ""),
      named("frames", frame),
      named("notes", { ...frame, text: "x" }),
      named("constants", { kind: "number", value: 1 }),
      named("composites", composite),
    ];
    for (const text of texts) expect(reasonOf(text), text).toMatch(/name of JavaScript itself/);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("with such names where any name may stand is opened, and they mean nothing", () => {
    const names = ["constructor", "toString", "valueOf", "hasOwnProperty"];
    const wires = names.map((name) => ({ from: { node: "a", port: name }, to: { node: "b", port: name } }));
    const params = Object.fromEntries(names.map((name) => [name, { $: name }]));
    const nodes = { a: node(params), b: node({}, { frame: "constructor" }), c: node({}, { type: "constructor" }) };
    const document = parseText(file({ nodes, wires })).document as GraphDocument;
    const { problems } = check(document);
    expect(problems.filter(({ code }) => code === "unknown-port")).toHaveLength(8);
    expect(problems.find(({ code }) => code === "unknown-type")?.node).toBe("c");
    expect(make(document, ["a", "b", "c"])?.document.nodes).toHaveProperty("composite");
  });

  it("with endless lists of bends, frames, notes or constants is refused, and not for its size alone", () => {
    const point = { x: 0, y: 0 };
    const wire = { from: { node: "a", port: "text" }, to: { node: "a", port: "text" } };
    const area = { position: point, size: { width: 99, height: 99 } };
    const many = (count: number, value: object) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, value]));
    expect(reasonOf(file({ wires: [{ ...wire, via: Array(50_000).fill(point) }] }))).toMatch(/wires\[0\]\.via/);
    expect(reasonOf(file({ frames: many(501, { title: "", ...area }) }))).toMatch(/500 frames are the limit/);
    expect(reasonOf(file({ notes: many(501, { text: "", ...area }) }))).toMatch(/500 notes are the limit/);
    expect(reasonOf(file({ constants: many(201, { kind: "number", value: 1 }) }))).toMatch(/200 constants/);
    expect(reasonOf(file({ wires: Array(limits.wires + 1).fill(wire) }))).toMatch(/10001 wires|10,001 wires|10000/);
    expect(reasonOf(file({ extra: "x".repeat(limits.bytes) }))).toMatch(/MiB is the limit/);
  });

  it("with numbers that are none, or beyond all places, is refused or opened, and can be checked", () => {
    for (const x of ["1e999", "-1e999", "1e308", "1e-320"]) {
      const { document, problems } = parseText(file({}).replace('"a":{', `"a":{"position":{"x":${x},"y":0},`));
      expect(document ? check(document).problems : problems, x).toBeInstanceOf(Array);
    }
  });

  it("with composites in circles, of many boundaries, or that double eight times, says so in time", () => {
    const inner = (id: string, times: number) =>
      Object.fromEntries(Array.from({ length: times }, (_, i) => [`n${i}`, node({}, { type: `composite:${id}` })]));
    const level = (nodes: object) => ({ title: "x", nodes, wires: [], inputs: {}, outputs: {}, params: {} });
    const levels = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`c${i}`, level(i < 11 ? inner(`c${i + 1}`, 10) : { a: node() })]),
    );
    const bomb = parseText(file({ nodes: inner("c0", 1), composites: levels })).document as GraphDocument;
    expect(check(bomb).problems.map(({ code }) => code)).toContain("too-large");
    const circle = { c: level(inner("d", 2)), d: level(inner("c", 2)) };
    const round = parseText(file({ nodes: inner("c", 3), composites: circle })).document as GraphDocument;
    expect(check(round).problems.map(({ code }) => code)).toContain("cycle");
    expect(make(round, ["n0", "n1"])?.id).toBe("composite");
    expect(expand(round, "n0")?.ids).toHaveLength(2);
  });

  it("cannot hide what it is behind another value than JSON", () => {
    const date = { schema: 3, nodes: { a: node({ text: new Date(0) }) }, wires: [], extra: new Date(0) };
    expect(parseDocument(date).problems?.length).toBeGreaterThan(0);
    expect(parseDocument(new Map([["schema", 3]])).problems?.length).toBeGreaterThan(0);
  });
});
