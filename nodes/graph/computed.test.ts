import { describe, expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { registry } from "../registry.gen";
import { canConnect, check } from "./check";
import { referenceTo, setConstant } from "./constants";
import type { GraphDocument, Pin } from "./document";
import { within } from "./composite-edits";
import { connect, removeNodes, setParam, setPin, toggleOff } from "./edits";
import { make } from "./make-composite";
import { plan, signatures, sinks } from "./plan";
import { resolve } from "./resolve";
import { nodesLeadingTo } from "./sweep";

const chain = (ids: readonly string[]): GraphDocument =>
  graph(
    Object.fromEntries(ids.map((id) => [id, nodes[id] as [string, Record<string, never>]])),
    ids
      .slice(1)
      .map(
        (id, i) =>
          `${ids[i]}.${ids[i] === "normalize" ? "pixels" : "image"} -> ${id}.${id === "vision" ? "pixels" : "image"}`,
      ),
  );
const nodes: Record<string, [string, Record<string, unknown>]> = {
  data: ["data.emoji", { limit: 4 }],
  resize: ["image.resize", { width: 16, height: 16 }],
  augment: ["image.augment", {}],
  normalize: ["image.normalize", {}],
  vision: ["model.vision-transformer", { patch: 8, width: 32, layers: 1, heads: 2 }],
};
const all = ["data", "resize", "augment", "normalize", "vision"];
const without = (id: string) => all.filter((each) => each !== id);
const errors = (document: GraphDocument) => check(document).problems.filter(({ severity }) => severity === "error");
const signed = (document: GraphDocument) => signatures(resolve(document, registry), (text) => text);
const pinOf = (outputs: Pin["outputs"], params: Pin["params"] = {}): Pin => ({
  at: "2026-11-28T03:00:00Z",
  ref: "a".repeat(64),
  bytes: 100,
  params,
  outputs,
});

describe("a bypassed node", () => {
  it("is not there for the rest: signatures are those of the shorter graph", () => {
    const bypassed = toggleOff(chain(all), ["augment"], "bypassed");
    expect(errors(bypassed)).toEqual([]);
    expect(signed(bypassed).get("vision")).toBe(signed(chain(without("augment"))).get("vision"));
  });

  it("gives way inside of a composite and as an instance, too", () => {
    const shorter = signed(chain(without("augment"))).get("normalize");
    const bypassed = toggleOff(chain(all), ["augment"], "bypassed");
    const around = make(bypassed, ["resize", "augment"])?.document as GraphDocument;
    expect(signed(around).get("normalize")).toBe(shorter);
    const instance = make(chain(all), ["augment"])?.document as GraphDocument;
    expect(signed(toggleOff(instance, ["composite"], "bypassed")).get("normalize")).toBe(shorter);
  });

  it("says why nothing stands in for an output that is read", () => {
    const [problem] = errors(toggleOff(chain(all), ["normalize"], "bypassed"));
    expect(problem?.code).toBe("cannot-bypass");
    expect(problem?.message).toContain("normalize cannot be bypassed while its output “pixels” is read");
    expect(problem?.message).toContain("it is of type tensor, and no input is");
  });

  it("passes on through others that are bypassed", () => {
    const both = toggleOff(chain(all), ["augment", "resize"], "bypassed");
    expect(signed(both).get("normalize")).toBe(signed(chain(["data", "normalize", "vision"])).get("normalize"));
  });
});

describe("what a composite gives", () => {
  /** A composite that gives pixels of two sizes, each read outside. */
  const twoSizes = make(
    graph(
      {
        data: nodes.data as never,
        small: ["image.resize", { width: 8, height: 8 }],
        large: ["image.resize", { width: 16, height: 16 }],
        smaller: ["image.normalize"],
        larger: ["image.normalize"],
        one: ["output.export-tensor"],
        two: ["output.export-tensor"],
      },
      [
        "data.image -> small.image",
        "data.image -> large.image",
        "small.image -> smaller.image",
        "large.image -> larger.image",
        "smaller.pixels -> one.tensor",
        "larger.pixels -> two.tensor",
      ],
    ),
    ["small", "large", "smaller", "larger"],
  )?.document as GraphDocument;
  const ranOf = (document: GraphDocument) => {
    const resolved = resolve(document, registry);
    return plan(resolved, sinks(resolved), () => false).run.toSorted();
  };

  it("is not computed where nobody reads it, nor what leads to nothing else", () => {
    expect(ranOf(twoSizes)).toHaveLength(7);
    const half = removeNodes(twoSizes, ["two"]);
    expect(ranOf(half)).toEqual(["composite/small", "composite/smaller", "data", "one"]);
    expect(plan(resolve(half, registry), ["composite/larger"], () => false).run).toContain("composite/large");
  });
  it("is computed where nothing that it gives is read: it is looked at then", () => {
    expect(ranOf(removeNodes(twoSizes, ["one", "two"]))).toHaveLength(5);
  });
  it("is computed where it trains, or writes a file, whoever reads that", () => {
    const inside = make(twoSizes, ["composite", "two"], { title: "Outer" })?.document as GraphDocument;
    const given = within(inside, "outer", (level) =>
      connect(level, { from: { node: "two", port: "file" }, to: { node: "@outputs", port: "file" } }),
    );
    expect(ranOf(given)).toContain("outer/two");
  });
});

describe("a muted node", () => {
  const branches = graph(
    {
      data: nodes.data as never,
      resize: nodes.resize as never,
      normalize: ["image.normalize", {}],
      other: ["image.resize", {}],
    },
    ["data.image -> resize.image", "resize.image -> normalize.image", "data.image -> other.image"],
  );

  it("is not run, nor what lies behind it; other branches are, and nothing is wrong", () => {
    const muted = toggleOff(branches, ["resize"], "muted");
    const resolved = resolve(muted, registry);
    expect([...resolved.nodes.keys()]).toEqual(["data", "other"]);
    expect([...resolved.computed.idle]).toEqual([
      ["resize", "muted"],
      ["normalize", "behind"],
    ]);
    expect(sinks(resolved)).toEqual(["other"]);
    expect(check(muted).problems).toEqual([]);
  });

  it("mutes all that lies in an instance", () => {
    const made = make(branches, ["resize"])?.document as GraphDocument;
    const { computed } = resolve(toggleOff(made, ["composite"], "muted"), registry);
    expect([...computed.idle.keys()]).toEqual(["composite/resize", "normalize"]);
  });

  it("is judged as if it ran where a wire is drawn", () => {
    const muted = toggleOff(branches, ["normalize"], "muted");
    expect(
      canConnect(muted, { from: { node: "data", port: "name" }, to: { node: "normalize", port: "image" } }),
    ).toContain("expects image");
  });
});

describe("a pinned node", () => {
  const pinned = setPin(
    chain(all),
    "resize",
    pinOf({ image: { type: "image", shape: [4, 16, 16] } }, nodes.resize?.[1] as never),
  );

  it("is a constant: what lies before it changes nothing behind", () => {
    const changed = setParam(pinned, "data", "limit", 3);
    expect(signed(changed).get("vision")).toBe(signed(pinned).get("vision"));
    expect(signed(pinned).get("vision")).not.toBe(signed(chain(all)).get("vision"));
    expect(sinks(resolve(pinned, registry))).toEqual(["vision"]);
    expect([...nodesLeadingTo(pinned, "vision")]).not.toContain("data");
  });

  it("is still checked by the shape that it has", () => {
    expect(errors(pinned)).toEqual([]);
    const tensor = setPin(
      pinned,
      "normalize",
      pinOf({ pixels: { type: "tensor", dtype: "float32", shape: [4, 1, 16, 16] } }),
    );
    expect(errors(tensor).map(({ code, node }) => [code, node])).toEqual([["shape-mismatch", "vision"]]);
  });

  it("says that its parameters were edited since", () => {
    expect(check(pinned).problems).toEqual([]);
    const edited = setParam(pinned, "resize", "width", 32);
    expect(check(edited).problems.map(({ message }) => message)).toEqual([
      "The kept result of Resize is older than its parameters: width changed since.",
    ]);
  });

  it("may be an instance, of which nothing inside is run", () => {
    const made = make(chain(all), ["resize", "augment"])?.document as GraphDocument;
    const resolved = resolve(
      setPin(made, "composite", pinOf({ image: { type: "image", shape: [4, 16, 16] } })),
      registry,
    );
    expect([...resolved.nodes.keys()]).toEqual(["data", "composite", "normalize", "vision"]);
    expect(sinks(resolved)).toEqual(["vision"]);
  });
});

describe("a constant in parameters", () => {
  const sized = (value: unknown) =>
    setConstant(
      setParam(setParam(chain(all), "resize", "width", referenceTo("side")), "resize", "height", referenceTo("side")),
      "side",
      { kind: "number", value: value as number },
    );

  it("has its value before anything is checked, in composites too", () => {
    expect(signed(sized(16)).get("vision")).toBe(signed(chain(all)).get("vision"));
    const made = make(sized(16), ["resize", "augment"])?.document as GraphDocument;
    expect(signed(made).get("normalize")).toBe(signed(chain(all)).get("normalize"));
  });

  it("is named where it does not fit, and where it is missing", () => {
    const [first] = errors(sized(-3));
    expect(first?.message).toMatch(/Resize: width is -3\. .* It is the constant “side”\./);
    const { constants: _, ...lacking } = sized(16);
    expect(
      errors(lacking)
        .map(({ message }) => message)
        .slice(0, 2),
    ).toEqual([
      "resize: width is the constant “side”, which the graph does not have.",
      "resize: height is the constant “side”, which the graph does not have.",
    ]);
  });
});

describe("a node of a type that is not known", () => {
  it("has the ports that its wires name", () => {
    const document = chain(all);
    const foreign = {
      ...document,
      nodes: { ...document.nodes, augment: { ...document.nodes.augment, type: "image.dream" } },
    } as GraphDocument;
    const shown = resolve(foreign, registry).shown.get("augment");
    expect(shown?.inputs).toMatchObject({ image: { type: "image" } });
    expect(shown?.outputs).toMatchObject({ image: { type: "image" } });
  });
});
