import { withoutUnused } from "./composites";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { random } from "#models/random";
import { graph } from "#tests/kit/graphs";
import { registry } from "../registry.gen";
import { check } from "./check";
import type { GraphDocument, Wire } from "./document";
import { endpointKey } from "./document";
import { scopeOf } from "./infer";
import { expand, make } from "./make-composite";
import { parseText } from "./parse";
import { signatures } from "./plan";
import { resolve } from "./resolve";

const templates = readdirSync("nodes/templates")
  .filter((name) => name.endsWith(".json"))
  .map((name) => [name, parseText(readFileSync(`nodes/templates/${name}`, "utf8")).document as GraphDocument] as const);

/** Wires by the input that they end at, in order: the order between inputs means nothing. */
function byInput(wires: readonly Wire[]): Record<string, string[]> {
  const table: Record<string, string[]> = {};
  for (const { from, to } of wires) (table[endpointKey(to)] ??= []).push(endpointKey(from));
  return table;
}

const comparable = ({ wires, ...rest }: GraphDocument) => ({ ...rest, wires: byInput(wires) });

function someNodes(document: GraphDocument, seed: number): string[] {
  const draw = random(seed, "selection");
  const share = draw.uniform();
  return Object.keys(document.nodes).filter(() => draw.uniform() < share);
}

/** What of a graph does not depend on ids: signatures and names of weights, sorted. */
function meaning(document: GraphDocument): { signatures: string[]; scopes: string[] } {
  const resolved = resolve(document, registry);
  const scoped = [...resolved.nodes.values()].filter(
    ({ definition }) => definition.build && "scope" in definition.params,
  );
  return {
    signatures: [...signatures(resolved, (text) => text.length + text.slice(0, 200)).values()].sort(),
    scopes: scoped.map(scopeOf).sort(),
  };
}

describe.each(templates)("%s", (_, document) => {
  const selections = [
    Object.keys(document.nodes),
    ...Array.from({ length: 30 }, (_, seed) => someNodes(document, seed)),
  ];

  it("is the same after a part became a composite and was expanded", () => {
    for (const selection of selections) {
      const made = make(document, selection);
      if (!made) continue;
      const back = expand(made.document, made.id);
      expect(comparable(withoutUnused(back?.document as GraphDocument, made.composite))).toEqual(comparable(document));
    }
  });

  it("means the same with a part as a composite: the same results, and weights of the same names", () => {
    const before = meaning(document);
    for (const selection of selections.slice(0, 12)) {
      const made = make(document, selection);
      if (!made) continue;
      expect(check(made.document).problems.map(({ code }) => code)).toEqual(
        check(document).problems.map(({ code }) => code),
      );
      expect(meaning(made.document)).toEqual(before);
    }
  });

  it("may be put into composites again and again, and comes out the same", () => {
    const inner = make(document, selections[3] ?? []) ?? make(document, selections[0] ?? []);
    const all = inner && make(inner.document, Object.keys(inner.document.nodes));
    expect(Object.keys(all?.document.nodes ?? {})).toHaveLength(1);
    const once = expand(all?.document as GraphDocument, all?.id ?? "");
    const twice = expand(once?.document as GraphDocument, inner?.id ?? "");
    const bare = [all?.composite ?? "", inner?.composite ?? ""].reduce(withoutUnused, twice?.document as GraphDocument);
    expect(comparable(bare)).toEqual(comparable(document));
  });
});

describe("make", () => {
  const document = graph(
    {
      data: ["data.emoji", { limit: 6 }],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      tokenizer: ["text.train-tokenizer"],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "data.name -> tokenizer.text",
      "data.keywords -> tokenizer.text",
    ],
  );

  it("gives a port for each output that is read across the boundary", () => {
    const made = make(document, ["resize", "normalize", "tokenizer"], { title: "Prepare" });
    expect(made?.id).toBe("prepare");
    expect(made?.document.composites?.prepare).toMatchObject({
      title: "Prepare",
      inputs: { image: {}, text: {}, tokenizer_text: {} },
      outputs: {},
    });
    expect(byInput(made?.document.wires ?? [])).toEqual({
      "prepare.image": ["data.image"],
      "prepare.text": ["data.name"],
      "prepare.tokenizer_text": ["data.keywords"],
    });
  });

  it("makes nothing of nothing", () => {
    expect(make(document, [])).toBeUndefined();
    expect(make(document, ["gone", "constructor"])).toBeUndefined();
  });
});

describe("expand", () => {
  const encoder = graph({ projector: ["model.projector", { width: 8 }], data: ["data.emoji"] }, []);
  const made = make(encoder, ["projector"], { title: "Head" });

  it("names the weights of a second instance as they were in it", () => {
    const document = made?.document as GraphDocument;
    const head = document.nodes.head as GraphDocument["nodes"][string];
    const second = { ...document, nodes: { ...document.nodes, head_2: { ...head, params: {} } } };
    const before = meaning(second).scopes;
    const expanded = expand(second, "head_2");
    expect(expanded?.ids).toEqual(["projector"]);
    expect(meaning(expanded?.document as GraphDocument).scopes).toEqual(before);
    expect(before).toEqual(["head_2.projection", "projection"]);
  });

  it("moves what lies inside to where the instance is", () => {
    const document = made?.document as GraphDocument;
    const head = document.nodes.head as GraphDocument["nodes"][string];
    const moved = { ...document, nodes: { ...document.nodes, head: { ...head, position: { x: 100, y: 50 } } } };
    expect(expand(moved, "head")?.document.nodes.projector?.position).toEqual({ x: 100, y: 50 });
  });

  it("gives published parameters to what lies inside, and leaves other nodes alone", () => {
    const document = made?.document as GraphDocument;
    const head = document.composites?.head;
    const published = { width: { to: [{ node: "projector", param: "width" }] } };
    const instance = { ...document.nodes.head, params: { width: 12 } };
    const valued = {
      ...document,
      nodes: { ...document.nodes, head: instance },
      composites: { head: { ...head, params: published } },
    } as GraphDocument;
    expect(expand(valued, "head")?.document.nodes.projector?.params.width).toBe(12);
    expect(expand(valued, "data")).toBeUndefined();
  });
});
