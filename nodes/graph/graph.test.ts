import { describe, expect, it, vi } from "vitest";
import { graph } from "#tests/kit/graphs";
import { canConnect, check } from "./check";
import { addNode, connect, disconnect, excerpt, moveNodes, paste, removeNodes, setParam } from "./edits";
import { parseText } from "./parse";
import { plan } from "./plan";

const codes = (document: Parameters<typeof check>[0]) => check(document).problems.map((p) => p.code);
const parsed = (json: unknown) => parseText(typeof json === "string" ? json : JSON.stringify(json)).problems?.[0];

describe("parse", () => {
  it.each([
    ["no JSON", "{", /This is no JSON/],
    ["a list", [], /something else/],
    [
      "a future schema",
      { schema: 9, nodes: {}, wires: [] },
      /saved by a newer Patchbay: schema 9, while this one reads up to 3/,
    ],
    [
      "too many nodes",
      {
        schema: 1,
        nodes: Object.fromEntries(Array.from({ length: 2001 }, (_, i) => [`n${i}`, { type: "a.b" }])),
        wires: [],
      },
      /2001 nodes; 2000 is the limit/,
    ],
    ["a name that is no id", { schema: 1, nodes: { "../x": { type: "a.b" } }, wires: [] }, /nodes/],
    ["100 MB", `"${"x".repeat(100 * 2 ** 20)}"`, /has 101 MiB; 4 MiB is the limit/],
  ])("refuses %s", (_, json, message) => {
    expect(parsed(json)?.message).toMatch(message);
    expect(parsed(json)?.hint).toBeTruthy();
  });
  it("is not fooled by names of the language", () => {
    const { document } = parseText(
      '{"schema":1,"nodes":{"a":{"type":"__proto__","params":{"constructor":1}},"b":{"type":"constructor"}},' +
        '"wires":[{"from":{"node":"toString","port":"x"},"to":{"node":"a","port":"y"}}]}',
    );
    expect(document && check(document).problems.map((p) => p.code)).toEqual([
      "unknown-type",
      "unknown-type",
      "unknown-node",
    ]);
  });
});

describe("check", () => {
  it("names both ends of a wire of the wrong type", () => {
    expect(check(graph({ t: ["text.input"], r: ["image.resize"] }, ["t.text -> r.image"])).problems[0]).toMatchObject({
      code: "type-mismatch",
      node: "r",
      port: "image",
      message: "r.image expects image, but t.text gives text.",
    });
  });
  it("tells what is wrong with a source once, and not again as sizes that differ behind it", () => {
    const document = graph(
      {
        data: [
          "data.table",
          {
            columns: [
              { name: "image", as: "picture" },
              { name: "question", as: "text" },
            ],
          },
        ],
        tokenizer: ["text.load-tokenizer"],
        tokens: ["text.tokenize"],
        words: ["model.token-embedding", { vocabulary: 64, width: 8 }],
        resize: ["image.resize", { width: 16, height: 16 }],
        pixels: ["image.normalize"],
        tower: ["model.vision-transformer", { patch: 8, width: 8, heads: 2, layers: 1 }],
        splice: ["model.splice"],
      },
      [
        "data.question -> tokens.text",
        "tokenizer.tokenizer -> tokens.tokenizer",
        "tokens.ids -> words.ids",
        "tokens.ids -> splice.ids",
        "words.embeddings -> splice.embeddings",
        "data.image -> resize.image",
        "resize.image -> pixels.image",
        "pixels.pixels -> tower.pixels",
        "tower.tokens -> splice.tokens",
      ],
    );
    expect(check(document).problems.map(({ node, code }) => [node, code])).toEqual([["data", "bad-params"]]);
  });
  it("finds a shape that does not fit before anything runs", () => {
    const document = graph(
      {
        data: ["data.emoji"],
        resize: ["image.resize", { width: 30, height: 30 }],
        normalize: ["image.normalize"],
        vision: ["model.vision-transformer", { patch: 16, width: 64, heads: 1, layers: 1 }],
        a: ["model.projector", { width: 8, scope: "a" }],
        b: ["model.projector", { width: 9, scope: "b" }],
        scorer: ["model.contrastive-scorer"],
      },
      [
        "data.image -> resize.image",
        "resize.image -> normalize.image",
        "normalize.pixels -> vision.pixels",
        "vision.features -> a.features",
        "vision.features -> b.features",
        "a.embedding -> scorer.images",
        "b.embedding -> scorer.texts",
      ],
    );
    expect(check(document).problems[0]).toMatchObject({
      code: "build-failed",
      node: "vision",
      message: expect.stringContaining("pictures of 30 × 30 cannot be cut into patches of 16"),
    });
    const fits = setParam(setParam(document, "resize", "width", 32), "resize", "height", 32);
    expect(check(fits).problems).toMatchObject([
      {
        code: "shape-mismatch",
        node: "scorer",
        port: "texts",
        message: expect.stringContaining(
          "scorer.texts expects [M, E], but b.embedding gives [data.N, 9]: " +
            "axis 1 (E) is 9, while another input of the node makes it 8",
        ),
        shapes: {
          expected: { port: "scorer.texts", sizes: ["M", "E = 8"] },
          came: { port: "b.embedding", sizes: ["data.N", 9] },
          axis: 1,
        },
      },
    ]);
    expect(
      canConnect(removeWire(fits, "scorer.texts"), {
        from: { node: "b", port: "embedding" },
        to: { node: "scorer", port: "texts" },
      }),
    ).toContain("axis 1 (E) is 9");
    expect(
      canConnect(removeWire(fits, "scorer.texts"), {
        from: { node: "a", port: "embedding" },
        to: { node: "scorer", port: "texts" },
      }),
    ).toBeNull();
  });
  it("reports cycles, missing inputs, unknown types and ports, bad parameters, and double weights", () => {
    expect(
      codes(graph({ a: ["image.resize"], b: ["image.resize"] }, ["a.image -> b.image", "b.image -> a.image"])),
    ).toEqual(["cycle", "cycle"]);
    expect(codes(graph({ a: ["image.resize"] }))).toEqual(["missing-input"]);
    expect(codes(graph({ a: ["no.such"] }))).toEqual(["unknown-type"]);
    expect(codes(graph({ a: ["text.input"], b: ["output.image-grid"] }, ["a.nope -> b.caption"]))).toContain(
      "unknown-port",
    );
    expect(check(graph({ a: ["text.input", { text: 3 }] })).problems[0]).toMatchObject({
      code: "bad-param",
      node: "a",
      param: "text",
    });
    expect(check(graph({ a: ["text.input", { txt: "x" }] })).problems[0]).toMatchObject({
      code: "bad-param",
      severity: "warning",
    });
    const two = { width: 8, scope: "same" };
    expect(
      codes(graph({ n: ["image.normalize"], a: ["model.projector", two], b: ["model.projector", two] })),
    ).toContain("duplicate-scope");
  });
  it("does not blame a node for sizes that are open because something before it is not wired yet", () => {
    const document = graph({ normalize: ["image.normalize"], vision: ["model.vision-transformer", { patch: 8 }] }, [
      "normalize.pixels -> vision.pixels",
    ]);
    const codesOf = (node: string) => check(document).problems.flatMap((each) => (each.node === node ? each.code : []));
    expect(codesOf("normalize")).toEqual(["missing-input"]);
    expect(codesOf("vision")).toEqual(["build-waits"]);
    const unwired = { ...document, wires: [] };
    expect(canConnect(unwired, document.wires[0] as (typeof document.wires)[0])).toBeNull();
  });

  it("refuses a node that feeds itself, and lets a new wire replace an old one", () => {
    const document = graph({ a: ["text.input"], b: ["text.input"], p: ["text.prompts"] }, ["a.text -> p.text"]);
    expect(canConnect(document, { from: { node: "p", port: "text" }, to: { node: "p", port: "text" } })).toBe(
      "A node cannot feed itself.",
    );
    const wire = { from: { node: "b", port: "text" }, to: { node: "p", port: "text" } };
    expect(canConnect(document, wire)).toBeNull();
    expect(connect(document, wire).wires).toEqual([wire]);
  });
});
const removeWire = (document: Parameters<typeof check>[0], to: string) => ({
  ...document,
  wires: document.wires.filter((w) => `${w.to.node}.${w.to.port}` !== to),
});

describe("plan", () => {
  it("makes one region of neighbouring tensor nodes, and ends it at an expensive one", () => {
    const { graph: resolved } = check(
      graph(
        {
          data: ["data.emoji"],
          resize: ["image.resize", { width: 32, height: 32 }],
          normalize: ["image.normalize"],
          vision: ["model.vision-transformer", { width: 64, heads: 1, layers: 1 }],
          p: ["model.projector", { width: 8 }],
          n: ["model.l2-normalize"],
        },
        [
          "data.image -> resize.image",
          "resize.image -> normalize.image",
          "normalize.pixels -> vision.pixels",
          "vision.features -> p.features",
          "p.embedding -> n.embedding",
        ],
      ),
    );
    expect(plan(resolved, ["n"], () => false).steps).toEqual([
      { kind: "host", node: "data" },
      { kind: "host", node: "resize" },
      { kind: "host", node: "normalize" },
      { kind: "region", nodes: ["vision"] },
      { kind: "region", nodes: ["p", "n"] },
    ]);
    expect(plan(resolved, ["n"], (id) => id === "vision")).toMatchObject({ run: ["p", "n"], cached: ["vision"] });
  });
  it("looks at each node a few times, whatever their number", () => {
    const ids = Array.from({ length: 300 }, (_, i) => `n${i}`);
    const types = ids.map((id, i) => [id, [i ? "image.augment" : "data.emoji"]]);
    const wires = ids.slice(1).map((id, i) => `n${i}.image -> ${id}.image`);
    const resolved = check(graph(Object.fromEntries(types), wires)).graph;
    const passes = vi.spyOn(resolved.nodes, "values");
    expect(plan(resolved, ["n299"], () => false).run).toEqual(ids);
    expect(passes.mock.calls.length).toBeLessThan(10);
  });
});

describe("edits", () => {
  const document = graph({ a: ["text.input"], p: ["text.prompts"] }, ["a.text -> p.text"]);
  it("give free ids, keep the rest, and never change what they were given", () => {
    const before = JSON.stringify(document);
    const { document: more, id } = addNode(document, "text.input", { x: 1.4, y: 2 });
    expect([id, more.nodes[id]?.position]).toEqual(["input", { x: 1, y: 2 }]);
    expect(addNode(more, "text.input", { x: 0, y: 0 }).id).toBe("input_2");
    expect(removeNodes(more, ["a"]).wires).toEqual([]);
    expect(disconnect(document, document.wires).wires).toEqual([]);
    expect(JSON.stringify(document)).toBe(before);
  });
  it("are the same document when nothing changes", () =>
    expect(moveNodes(document, { a: document.nodes.a?.position ?? { x: 0, y: 0 } })).toBe(document));
  it("copy nodes with the wires among them", () => {
    const { document: twice, ids } = paste(document, excerpt(document, ["a", "p"]), { x: 10, y: 10 });
    expect(ids).toEqual(["input", "prompts"]);
    expect(twice.wires).toHaveLength(2);
    expect(check(twice).problems).toEqual([]);
  });
});
