import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { check } from "./check";
import { changesBetween } from "./changes";
import { within } from "./composite-edits";
import type { GraphDocument } from "./document";
import { moveNodes, setParam, setTitle } from "./edits";
import { withoutLeaving } from "./leaving";
import { parseText } from "./parse";

/** A file of another Patchbay: types, composites and fields that this one does not know, in an order of its own. */
const foreign = `{
  "schema": 3,
  "plugins": [
    "acme/1.2"
  ],
  "name": "From elsewhere",
  "description": "",
  "nodes": {
    "data": {
      "glow": "violet",
      "version": 1,
      "type": "data.emoji",
      "params": {
        "limit": 4
      },
      "position": {
        "y": 40,
        "x": 0
      }
    },
    "odd": {
      "params": {
        "strength": 0.10,
        "inner": {
          "b": [
            1,
            {
              "z": null
            }
          ],
          "a": true
        }
      },
      "type": "acme.sharpen",
      "x-note": {
        "by": "someone"
      },
      "position": {
        "x": 300,
        "y": 40
      },
      "version": 7
    },
    "tower": {
      "type": "composite:gone",
      "version": 1,
      "params": {
        "depth": 3
      },
      "position": {
        "x": 600,
        "y": 40
      }
    },
    "resize": {
      "type": "image.resize",
      "version": 1,
      "params": {},
      "position": {
        "x": 900,
        "y": 40
      }
    }
  },
  "wires": [
    {
      "label": "sharp",
      "from": {
        "node": "data",
        "port": "image"
      },
      "to": {
        "node": "odd",
        "port": "picture"
      }
    },
    {
      "from": {
        "node": "odd",
        "port": "result"
      },
      "to": {
        "node": "tower",
        "port": "image"
      }
    },
    {
      "from": {
        "node": "tower",
        "port": "image"
      },
      "to": {
        "node": "resize",
        "port": "image"
      }
    }
  ]
}`.replace("0.10", "0.1");

const opened = (text: string): GraphDocument => parseText(text).document as GraphDocument;
const written = (document: GraphDocument): string => JSON.stringify(withoutLeaving(document, {}), null, 2);

describe("a file with what is not known here", () => {
  it("is exported byte for byte as it came", () => {
    expect(parseText(foreign).problems).toBeUndefined();
    expect(written(opened(foreign))).toBe(foreign);
  });

  it("keeps it through edits of other things, which can be taken back to the same bytes", () => {
    const document = opened(foreign);
    const moved = moveNodes(setTitle(document, "odd", "Odd"), { odd: { x: 310, y: 40 } });
    const edited = setParam(moved, "data", "limit", 5);
    expect(JSON.parse(written(edited)).nodes.odd).toMatchObject({ "x-note": { by: "someone" }, title: "Odd" });
    expect(changesBetween(document, edited).map(({ path }) => path.join("."))).toEqual([
      "nodes.data.params.limit",
      "nodes.odd.title",
    ]);
    expect(written(document)).toBe(foreign);
  });

  it("shows a node of an unknown type, and an instance of a missing composite, with the ports of their wires", () => {
    const { problems, graph } = check(opened(foreign));
    const portsOf = (id: string) => {
      const { inputs = {}, outputs = {} } = graph.shown.get(id) ?? {};
      const typed = (ports: object) => Object.entries(ports).map(([name, { type }]) => `${name}: ${type}`);
      return [typed(inputs), typed(outputs)];
    };
    expect(portsOf("odd")).toEqual([["picture: image"], ["result: file"]]);
    expect(portsOf("tower")).toEqual([["image: file"], ["image: image"]]);
    expect(problems.filter(({ code }) => code === "unknown-type").map(({ node }) => node)).toEqual(["tower", "odd"]);
  });

  it("shows them inside of a composite, too", () => {
    const document = opened(foreign);
    const inner = { title: "Outer", inputs: {}, outputs: {}, params: {}, nodes: {}, wires: [] };
    const holder = {
      ...document,
      wires: [],
      nodes: { outer: { type: "composite:outer", version: 1, params: {}, position: { x: 0, y: 0 } } },
      composites: { outer: inner },
    };
    const filled = within(holder, "outer", (inside) => ({ ...inside, nodes: document.nodes, wires: document.wires }));
    const { shown } = check(filled).graph;
    expect(Object.keys(shown.get("outer/tower")?.outputs ?? {})).toEqual(["image"]);
    expect(Object.keys(shown.get("outer/odd")?.inputs ?? {})).toEqual(["picture"]);
  });
});

it("a file with all that schema 3 knows is exported as it was saved, but for what was pinned", () => {
  const text = readFileSync("tests/fixtures/graphs/2026-11-schema-3.json", "utf8");
  const document = opened(text);
  expect(`${JSON.stringify(document, null, 2)}\n`).toBe(text);
  const { pin, ...bare } = document.nodes.classifier as GraphDocument["nodes"][string];
  expect(pin).toBeDefined();
  const unpinned = { ...document, nodes: { ...document.nodes, classifier: bare } };
  expect(written(document)).toBe(JSON.stringify(unpinned, null, 2));
});
