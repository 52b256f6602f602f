import { describe, expect, it } from "vitest";
import * as z from "zod";
import { graph } from "#tests/kit/graphs";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { registry } from "../registry.gen";
import { check } from "./check";
import type { GraphDocument } from "./document";
import { make } from "./make-composite";
import { updatesOf, withUpdates } from "./updates";

/** A type of which the parameter "size" became "width" and "height" with version 2, and "tone" is gone since. */
const frameNode = defineNode({
  type: "image.frame",
  title: "Frame",
  description: "Draws a frame.",
  version: 3,
  upgrade: {
    2: ({ size, ...others }) => ({ ...others, width: size, height: size }),
    3: (old) => ({ ...old, colour: old.colour === "grey" ? "gray" : old.colour }),
  },
  inputs: {},
  outputs: { text: port.text({ shape: ["N"], doc: "Nothing." }) },
  params: { width: z.int().default(1), height: z.int().default(1), colour: z.string().default("red") },
  run: async () => ({ text: [] }),
});
const types = { ...registry, "image.frame": frameNode } as typeof registry;

const old = ((): GraphDocument => {
  const params = { size: 8, tone: "warm", colour: "grey" };
  const document = graph({ a: ["image.frame", params], b: ["image.frame", params], c: ["text.input", { text: "x" }] });
  return make(document, ["b"], { title: "Part", registry: types })?.document ?? document;
})();

describe("nodes of an older version", () => {
  it("are found, in composites too, with what changes and what is not used", () => {
    const update = {
      title: "Frame",
      from: 1,
      to: 3,
      changes: [
        { param: "size", before: 8, after: undefined },
        { param: "colour", before: "grey", after: "gray" },
        { param: "width", before: undefined, after: 8 },
        { param: "height", before: undefined, after: 8 },
      ],
      unused: ["tone"],
    };
    expect(updatesOf(old, types)).toEqual([
      { node: "a", ...update },
      { composite: "part", node: "b", ...update },
    ]);
  });

  it("mean the same after the update, which leaves nothing to update", () => {
    const updated = withUpdates(old, updatesOf(old, types), types);
    expect(updated.nodes.a).toMatchObject({ version: 3, params: { width: 8, height: 8, colour: "gray" } });
    expect(updated.nodes.a?.params).not.toHaveProperty("tone");
    expect(updatesOf(updated, types)).toEqual([]);
    const paramsOf = (document: GraphDocument) => check(document, types).graph.nodes.get("part/b")?.params;
    expect(paramsOf(updated)).toEqual(paramsOf(old));
    expect(updated.nodes.c).toBe(old.nodes.c);
  });

  it("are none in a graph of today", () => {
    const today = graph({ c: ["text.input", { text: "x" }] });
    expect(updatesOf(today)).toEqual([]);
    expect(withUpdates(today, [])).toBe(today);
  });
});
