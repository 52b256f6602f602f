/** The same through the nodes: AnyRes tiler and AnyRes packer as they stand in a graph. */
import { describe, expect, it } from "vitest";
import { builderOf } from "#models/blocks/builder";
import { gradients } from "#models/onnx/differentiate";
import { Graph, type Value } from "#models/onnx/graph";
import { packingOf, type TilingRule, viewsOf } from "#models/pictures/tiling";
import type { ImageBatch, Tensor } from "#nodes/core/values";
import { anyresTiler } from "#nodes/image/anyres-tiler";
import { anyresPacker } from "#nodes/model/anyres-packer";
import { toOrt } from "#server/runtime/sessions";
import { count } from "#tests/conformance/counts";
import { numbers, runGraph } from "#tests/kit/check-op";
import { runNode } from "#tests/kit/run-node";
import {
  largestGap,
  type PackingCase,
  part,
  pinpointsOf,
  type Plans,
  type Preset,
  ruleFrom,
  type SizeRow,
  type Step,
  type StepCase,
} from "./onevision";
import { hasPart, jsonOf, tensorsOf } from "./set";

export function testOnevisionNodes(): void {
  if (!hasPart(part)) return;
  const { presets, sizes, gathers: cases } = jsonOf<Plans>(part, "expected.json");
  const presetOf = (name: string) => presets[name] as Preset;

  describe("the nodes", () => {
    for (const [name, rows] of Object.entries(sizes)) {
      it.each(rows)(`plan the tiles and tokens of ${name}'s $size`, (row) => testRow(presetOf(name), row));
      const isSmall = presetOf(name).tile < 64;
      if (isSmall) it.each(rows)(`cut ${name}'s $size`, (row) => testTiles(presetOf(name), row));
    }

    const gathers = tensorsOf(part, "gathers.safetensors");
    it.each(cases.filter(({ preset }) => presetOf(preset).tile < 64))("lay $name out", async (one) => {
      const { index, shares, tiles } = await tiled(one, presetOf(one.preset));
      expect(tiles.shape[0]).toBe(one.tiles);
      const width = index.shape[2] as number;
      const first = (of: ArrayLike<number | bigint>) =>
        Array.from(of, Number).filter((_, i) => width === 4 || i % 4 === 0);
      expect(Array.from(index.data, Number)).toEqual(first(gathers[`${one.name}.index`]?.data as Int32Array));
      const gap = largestGap(shares.data as Float32Array, first(gathers[`${one.name}.weight`]?.data as Float32Array));
      expect(gap).toBeLessThan(1e-6);
      count("gathers through nodes");
    });

    const step = jsonOf<Step>(part, "step.json");
    const tensors = tensorsOf(part, "step.safetensors");
    it.each(step.cases)("pack $name, with gradients", async (one) => {
      const layout = await tiled(one, presetOf(one.preset));
      const given = (name: keyof StepCase["inputs"]) => tensors[one.inputs[name]] as Tensor;
      const results = await packedByNode(layout, given);
      for (const [name, stored] of Object.entries(one.tensors)) {
        const want = (tensors[stored] as Tensor).data as Float32Array;
        const most = want.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
        expect(largestGap(results[name] ?? [], want), name).toBeLessThanOrEqual(
          step.tolerance.abs + step.tolerance.rel * most,
        );
        count("packed tensors through nodes");
      }
    });
  });
}

const tilingOf = (preset: Preset): TilingRule => ({
  ...ruleFrom(preset),
  mode: "anyres",
  several: "pad",
  isVideo: false,
  videoEnd: "one_token",
});

function testRow(preset: Preset, { size: [width, height], resized, paste, grid, tokens }: SizeRow): void {
  const [whole, cut] = viewsOf({ width, height }, 1, tilingOf(preset));
  expect(whole?.resized).toEqual({ width: preset.tile, height: preset.tile });
  expect([cut?.resized.width, cut?.resized.height]).toEqual(resized);
  expect([cut?.left, cut?.top]).toEqual(paste);
  expect(cut?.grid).toEqual([grid[1], grid[0]]);
  expect(packingOf([{ width, height }], tilingOf(preset))).toMatchObject({ tokens: [tokens], packing: { tokens } });
  count("sizes through nodes");
}

async function testTiles(preset: Preset, { size, tiles, tokens }: SizeRow): Promise<void> {
  const one = { name: "", preset: "", kind: "anyres", size } as const;
  const given = await tiled(one, preset);
  expect(given.tiles.shape).toEqual([tiles, 3, preset.tile, preset.tile]);
  expect(Array.from(given.tokens.data, Number)).toEqual([tokens]);
  expect(given.index.shape[1]).toBe(Math.max(1, tokens));
}

/** What the tiler gives for a case: pictures of one colour, as large as it says. */
function tiled({ kind, size, pictures = 1, frames = 1, newline }: PackingCase, preset: Preset) {
  const { tile, side, max } = preset;
  const [width, height] = size ?? [tile, tile];
  const many = kind === "video" ? frames : pictures;
  const data = new Uint8Array(many * width * height * 3).fill(90);
  const images: ImageBatch = { pixels: { dtype: "uint8", shape: [many, height, width, 3], data }, counts: [many] };
  const modes = { anyres: max ? "anyres_max" : "anyres", flat: "flat" } as Record<string, string>;
  return runNode(
    anyresTiler,
    { images },
    {
      tile,
      patch: tile / side,
      resolutions: pinpointsOf(preset),
      mode: modes[kind] ?? "pad",
      ...(max ? { most: max } : {}),
      ...(kind === "video" ? { rows: "videos", ends: newline } : {}),
    },
  );
}

/** What the packer gives, and the gradients of Σ packed · upstream. */
async function packedByNode(
  { counts, index, shares }: { counts: Tensor; index: Tensor; shares: Tensor },
  given: (name: keyof StepCase["inputs"]) => Tensor,
): Promise<Record<string, number[]>> {
  const graph = new Graph();
  const [features, newline, upstream] = [given("features"), given("image_newline"), given("upstream")];
  const feeds: Record<string, Tensor> = {
    features,
    counts,
    index,
    shares,
    newline,
    upstream: { ...upstream, shape: [1, ...upstream.shape] },
  };
  const values = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape }]) => [name, graph.input(name, dtype, shape)]),
  ) as Record<keyof typeof feeds, Value>;
  const { tokens } = anyresPacker.build?.({
    ...builderOf(graph),
    weight: () => values.newline as Value,
    inputs: values as never,
    params: { scope: "packer" },
  }) as { tokens: Value };
  graph.output("packed", tokens);
  const targets = [values.features as Value, values.newline as Value];
  for (const [name, gradient] of gradients(graph, [[tokens, values.upstream as Value]], targets))
    graph.output(`d ${name}`, gradient);
  const results = await runGraph(
    graph,
    Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toOrt(value)])),
  );
  return {
    packed: numbers(results.packed),
    gradient_of_features: numbers(results["d features"]),
    gradient_of_image_newline: numbers(results["d newline"]),
  };
}
