import { describe, expect, it } from "vitest";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { check } from "./check";
import { compositeType } from "./composites";
import type { Composite, GraphDocument } from "./document";
import { expandSweep } from "./expand-sweep";
import { infer, scopeOf } from "./infer";
import { parseText } from "./parse";
import { definitionOf, resolve } from "./resolve";
import { setParam } from "./edits";
import { sweepSpec, withAssignment } from "./sweep";
import { registry } from "../registry.gen";

/** A composite in short; its boundary is called `@inputs` and `@outputs` in wires. */
function compositeOf(inside: GraphDocument, more: Partial<Composite> = {}): Composite {
  const { nodes, wires } = inside;
  const named = (side: "from" | "to", boundary: string) =>
    Object.fromEntries(wires.filter((wire) => wire[side].node === boundary).map((wire) => [wire[side].port, {}]));
  return {
    title: "Tower",
    nodes,
    wires: wires as Composite["wires"],
    inputs: named("from", "@inputs"),
    outputs: named("to", "@outputs"),
    params: {},
    ...more,
  };
}

/** A graph with boundary wires, which only the inside of a composite may have. */
function inside(nodes: Parameters<typeof graph>[0], wires: readonly string[]): GraphDocument {
  const pairs = wires.map((wire) => wire.split(" -> ").map((end) => end.split(".")));
  return {
    ...graph(nodes),
    wires: pairs.map(([from = [], to = []]) => ({
      from: { node: from[0] ?? "", port: from[1] ?? "" },
      to: { node: to[0] ?? "", port: to[1] ?? "" },
    })),
  };
}

const tower = compositeOf(
  inside(
    {
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", { patch: 8, width: 32, layers: 1, heads: 2 }],
      projector: ["model.projector", { scope: "projection", width: 16 }],
    },
    [
      "@inputs.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "@inputs.weights -> vision.weights",
      "@inputs.weights -> projector.weights",
      "vision.features -> projector.features",
      "projector.embedding -> @outputs.embedding",
      "vision.features -> @outputs.features",
    ],
  ),
  { params: { width: { to: [{ node: "projector", param: "width" }] } } },
);

/** Pictures through instances of the tower. */
function withTowers(
  instances: Record<string, Record<string, unknown>>,
  composites: Record<string, Composite> = { tower },
): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { limit: 6 }],
      resize: ["image.resize", { width: 16, height: 16 }],
      ...Object.fromEntries(Object.entries(instances).map(([id, params]) => [id, [compositeType("tower"), params]])),
    },
    ["data.image -> resize.image", ...Object.keys(instances).map((id) => `resize.image -> ${id}.image`)],
  );
  return { ...document, composites };
}

const resolved = (document: GraphDocument) => resolve(document, registry);

describe("a composite", () => {
  it("gives way to what lies in it, under ids that begin with the instance's", () => {
    const { nodes, problems } = resolved(withTowers({ first: {}, second: {} }));
    expect(problems).toEqual([]);
    expect([...nodes.keys()]).toEqual(
      expect.arrayContaining(["first/normalize", "first/vision", "first/projector", "second/vision"]),
    );
    expect(nodes.get("first/normalize")?.inputs.image).toEqual([{ node: "resize", port: "image" }]);
  });

  it("gives each instance values of its own for published parameters", () => {
    const { nodes } = resolved(withTowers({ first: { width: 24 }, second: {} }));
    expect(nodes.get("first/projector")?.params).toMatchObject({ width: 24 });
    expect(nodes.get("second/projector")?.params).toMatchObject({ width: 16 });
  });

  it("has ports, their shapes and parameters as its inside gives them", () => {
    const document = withTowers({ first: { width: 24 } });
    const definition = definitionOf(document, "first", registry);
    expect(definition?.inputs.image).toMatchObject({ type: "image", optional: false });
    expect(definition?.inputs.weights).toMatchObject({ type: "weights", optional: true });
    expect(definition?.outputs.embedding).toMatchObject({ type: "tensor" });
    expect(definition?.outputs.features).toMatchObject({ type: "tensor", shape: ["B", 32] });
    expect(Object.keys(definition?.params ?? {})).toEqual(["width", "scope"]);
    const { types } = infer(resolved(document));
    expect(types["first/projector"]?.out.embedding?.shape?.at(-1)).toBe(24);
  });

  it("is told of as one problem in it and as what is wrong inside", () => {
    const { problems } = check(withTowers({ first: { width: "wide" }, second: {} }));
    expect(problems.map(({ node, param }) => [node, param])).toEqual([["first/projector", "width"]]);
  });

  it("warns of values that it does not publish, and refuses wires to ports that it lacks", () => {
    const document = withTowers({ first: { depth: 3 } });
    document.wires.push({ from: { node: "first", port: "gone" }, to: { node: "resize", port: "image" } });
    expect(check(document).problems.map(({ code, node, severity }) => [code, node, severity])).toEqual([
      ["bad-param", "first", "warning"],
      ["unknown-port", "first", "error"],
    ]);
  });

  it("names what is missing where it is needed", () => {
    const document = withTowers({ first: {} });
    document.wires = [];
    expect(resolved(document).problems).toMatchObject([
      { code: "missing-input", node: "resize" },
      { code: "missing-input", node: "first/normalize", port: "image" },
    ]);
  });
});

describe("names of weights", () => {
  const scopes = (document: GraphDocument, ...ids: string[]) => {
    const { nodes } = resolved(document);
    return ids.map((id) => {
      const node = nodes.get(id);
      return node && scopeOf(node);
    });
  };
  const wired = (document: GraphDocument, ...wires: [from: string, to: string][]) => ({
    ...document,
    nodes: { ...document.nodes, ...graph({ file: ["weights.load"] }).nodes },
    wires: [
      ...document.wires,
      ...wires.map(([node, to]) => ({ from: { node, port: "weights" }, to: { node: to, port: "weights" } })),
    ],
  });

  it("begin with the instance's id, or with what it says instead", () => {
    const document = withTowers({ first: {}, second: { scope: "" }, third: { scope: "teacher" } });
    expect(scopes(document, "first/vision", "second/vision", "third/projector")).toEqual([
      "first.vision",
      "vision",
      "teacher.projection",
    ]);
    expect(check(document).problems).toEqual([]);
  });

  it("are as inside where a handle is wired in, unless the instance says more", () => {
    const document = withTowers({ first: {}, second: { scope: "first" } });
    expect(scopes(wired(document, ["file", "first"], ["file", "second"]), "first/vision", "second/vision")).toEqual([
      "vision",
      "first.vision",
    ]);
  });

  it("clash where two instances are to be called alike", () => {
    const { problems } = check(withTowers({ first: { scope: "" }, second: { scope: "" } }));
    expect(problems.map(({ code }) => code)).toContain("duplicate-scope");
  });
});

describe("composites in composites", () => {
  const shell = (inner: string, title: string): Composite =>
    compositeOf(
      inside({ inner: [compositeType(inner), {}] }, [
        "@inputs.image -> inner.image",
        "inner.embedding -> @outputs.embedding",
      ]),
      { title, params: { size: { to: [{ node: "inner", param: "width" }] } } },
    );
  const nested = (depth: number): Record<string, Composite> => {
    const composites: Record<string, Composite> = { level1: { ...tower, title: "Level 1" } };
    for (let level = 2; level <= depth; level++) {
      const publishes = level === 2 ? "width" : "size";
      composites[`level${level}`] = {
        ...shell(`level${level - 1}`, `Level ${level}`),
        params: { size: { to: [{ node: "inner", param: publishes }] } },
      };
    }
    composites.tower = composites[`level${depth}`] as Composite;
    return composites;
  };

  it("hand values and wires down to where they are meant", () => {
    const { nodes, problems } = resolved(withTowers({ first: { size: 40 } }, nested(3)));
    expect(problems).toEqual([]);
    const id = "first/inner/inner/projector";
    expect(nodes.get(id)?.params).toMatchObject({ width: 40 });
    expect(nodes.get("first/inner/inner/normalize")?.inputs.image).toEqual([{ node: "resize", port: "image" }]);
    const { types } = infer(resolved(withTowers({ first: { size: 40 } }, nested(3))));
    expect(types[id]?.out.embedding?.shape?.at(-1)).toBe(40);
    expect(definitionOf(withTowers({ first: {} }, nested(3)), "first", registry)?.outputs.embedding?.type).toBe(
      "tensor",
    );
  });

  it("may lie eight deep, and no deeper", () => {
    expect(check(withTowers({ first: {} }, nested(8))).problems).toEqual([]);
    expect(check(withTowers({ first: {} }, nested(9))).problems).toMatchObject([
      { code: "too-large", node: "first", message: expect.stringContaining("9 deep") },
    ]);
  });

  it("may not contain each other, and are named where they do", () => {
    const composites = { tower: shell("other", "Tower"), other: shell("tower", "Other") };
    expect(check(withTowers({ first: {} }, composites)).problems).toMatchObject([
      {
        code: "cycle",
        node: "first",
        message: "These composites contain each other in a circle: “Tower” → “Other” → “Tower”.",
      },
    ]);
  });

  it("may not grow beyond what a graph may hold, however small the file is", () => {
    const composites: Record<string, Composite> = { level1: tower };
    for (let level = 2; level <= 8; level++) {
      const nodes = Object.fromEntries(
        Array.from({ length: 50 }, (_, i): [string, [string]] => [`n${i}`, [compositeType(`level${level - 1}`)]]),
      );
      composites[`level${level}`] = compositeOf(graph(nodes));
    }
    composites.tower = composites.level8 as Composite;
    const start = performance.now();
    expect(check(withTowers({ first: {} }, composites)).problems).toMatchObject([{ code: "too-large", node: "first" }]);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe("a document with composites", () => {
  it("is written as it was read, with types that nobody knows inside", () => {
    const foreign = compositeOf(inside({ odd: ["acme.odd", { a: [1, { b: null }] }] }, ["@inputs.image -> odd.x"]), {
      title: "Foreign",
      description: "From elsewhere.",
    });
    const text = JSON.stringify(parseText(JSON.stringify(withTowers({ first: {} }, { tower: foreign }))).document);
    const again = parseText(text);
    expect(again.problems).toBeUndefined();
    expect(JSON.stringify(again.document)).toBe(text);
    expect(check(again.document as GraphDocument).problems).toMatchObject([
      { code: "unknown-type", node: "first/odd" },
    ]);
  });

  it("of schema 1 is read as one without composites", () => {
    expect(parseText('{"schema":1,"nodes":{},"wires":[]}').document).toMatchObject({ schema: 3, nodes: {} });
  });

  it("says which composite is missing", () => {
    expect(check(withTowers({ first: {} }, {})).problems).toMatchObject([
      { code: "unknown-type", node: "first", message: "The graph has no composite “tower”." },
    ]);
  });

  it("is searched over published parameters, by an instance's output", () => {
    const document = withTowers({ first: {} });
    const spec = sweepSpec.parse({
      mode: "grid",
      axes: [{ node: "first", param: "width", values: [8, 12] }],
      metric: { node: "first", port: "embedding", goal: "max" },
    });
    expect(expandSweep(document, spec).problems).toMatchObject([{ code: "type-mismatch" }]);
    expect(resolved(withAssignment(document, { "first.width": 8 })).nodes.get("first/projector")?.params).toMatchObject(
      {
        width: 8,
      },
    );
  });

  it("runs, and an instance can be asked for", async () => {
    const { error, outputs, events } = await runDocument(
      withTowers({ first: {}, second: { width: 4 } }),
      await temporaryFolder(),
      { targets: ["first"] },
    );
    expect(error).toBeUndefined();
    expect(outputs["first/projector"]?.embedding).toBeDefined();
    expect(events.some((event) => event.kind === "node-start" && event.node.startsWith("second/"))).toBe(false);
  });

  it("is another where an instance's value is another", () => {
    const document = withTowers({ first: {} });
    expect(setParam(document, "first", "width", 8).nodes.first?.params).toEqual({ width: 8 });
  });
});
