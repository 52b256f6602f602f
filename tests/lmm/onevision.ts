/** LLaVA-OneVision's official code: pictures of all sizes cut into tiles, and their features packed, with gradients. */
import { describe, expect, it } from "vitest";
import { packAlike } from "#models/blocks/packed";
import { builderOf } from "#models/blocks/builder";
import { gradients } from "#models/onnx/differentiate";
import { Graph } from "#models/onnx/graph";
import { type AnyResRule, planAnyRes, resolutionsFrom } from "#models/pictures/anyres";
import {
  anyResPacking,
  joinedPackings,
  type Packing,
  tilePacking,
  type VideoEnd,
  videoPacking,
} from "#models/pictures/packing";
import type { Tensor } from "#nodes/core/values";
import { count } from "#tests/conformance/counts";
import { numbers, runGraph, tensor } from "#tests/kit/check-op";
import { hasPart, jsonOf, tensorsOf } from "./set";

export const part = "onevision-official";

export interface Preset {
  tile: number;
  side: number;
  /** Grids of tiles, columns first, from the first to the last. */
  range?: [[number, number], [number, number]];
  pinpoints?: [number, number][];
  max?: number;
}
export interface SizeRow {
  size: [number, number];
  pick: [number, number];
  resized: [number, number];
  paste: [number, number];
  grid: [number, number];
  tiles: number;
  map: [number, number];
  keep: ["rows" | "columns", number, number];
  kept: [number, number];
  r?: number;
  pooled?: [number, number];
  tokens: number;
  tokens_in_transformers?: number;
}
export interface PackingCase {
  name: string;
  kind: "anyres" | "multi-image" | "single-tile" | "flat" | "video";
  preset: string;
  size?: [number, number];
  pictures?: number;
  frames?: number;
  newline?: VideoEnd;
}
export interface StepCase extends PackingCase {
  inputs: Record<"features" | "image_newline" | "upstream", string>;
  tensors: Record<"packed" | "gradient_of_features" | "gradient_of_image_newline", string>;
}
export interface Plans {
  presets: Record<string, Preset>;
  sizes: Record<string, SizeRow[]>;
  gathers: (PackingCase & { tiles: number; tokens: number })[];
}
export interface Step {
  tolerance: { abs: number; rel: number };
  cases: StepCase[];
}

export function testOnevision(): void {
  if (!hasPart(part)) return;
  const plans = jsonOf<Plans>(part, "expected.json");
  const step = jsonOf<Step>(part, "step.json");
  const ruleOf = (name: string) => ruleFrom(plans.presets[name] as Preset);

  describe("the official code of LLaVA-OneVision", () => {
    for (const [name, rows] of Object.entries(plans.sizes)) {
      it.each(rows)(`cuts ${name}'s $size into tiles as we do`, (row) => testPlan(ruleOf(name), row));
    }

    const gathers = tensorsOf(part, "gathers.safetensors");
    it.each(plans.gathers)("gathers $name as we do", ({ name, tiles, tokens, ...one }) => {
      const packing = packingOf({ name, ...one }, ruleOf(one.preset));
      expect(packing).toMatchObject({ tiles, tokens });
      expect([...packing.index]).toEqual([...(gathers[`${name}.index`]?.data as Int32Array)]);
      expect(largestGap(packing.weights, gathers[`${name}.weight`]?.data as Float32Array)).toBeLessThan(1e-6);
      count("gathers");
    });

    const tensors = tensorsOf(part, "step.safetensors");
    it.each(step.cases)("packs $name as we do, and so do its gradients", async (one) => {
      const packing = packingOf(one, ruleOf(one.preset));
      const given = (name: keyof StepCase["inputs"]) => tensors[one.inputs[name]] as Tensor;
      const results = await packedWithGradients(packing, given);
      for (const [name, stored] of Object.entries(one.tensors)) {
        const want = (tensors[stored] as Tensor).data as Float32Array;
        const most = want.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
        const { abs, rel } = step.tolerance;
        expect(largestGap(results[name] ?? [], want), name).toBeLessThanOrEqual(abs + rel * most);
        count("packed tensors");
      }
    });
  });
}

/** Resolutions as the official code writes them. */
export function pinpointsOf({ range, pinpoints }: Preset): string {
  return range
    ? range.map((grid) => `(${grid.join("x")})`).join(",…,")
    : (pinpoints ?? []).map((size) => `(${size.join(", ")})`).join(", ");
}

export function ruleFrom(preset: Preset): AnyResRule {
  const { tile, side, max } = preset;
  return { tile, side, resolutions: resolutionsFrom(pinpointsOf(preset), tile), most: max };
}

function testPlan(rule: AnyResRule, row: SizeRow): void {
  const [width, height] = row.size;
  const plan = planAnyRes({ width, height }, rule);
  const [rows, columns] = [plan.rows, plan.columns];
  const isRows = row.keep[0] === "rows";
  expect({
    pick: [plan.resolution.width, plan.resolution.height],
    resized: [plan.resized.width, plan.resized.height],
    paste: [plan.left, plan.top],
    grid: [plan.grid[1], plan.grid[0]],
    tiles: plan.tiles,
    map: plan.map,
    keep: [row.keep[0], ...(isRows ? rows : columns)],
    kept: [rows[1] - rows[0], columns[1] - columns[0]],
    pooled: plan.pooled,
    tokens: plan.tokens,
  }).toEqual({
    pick: row.pick,
    resized: row.resized,
    paste: row.paste,
    grid: row.grid,
    tiles: row.tiles,
    map: row.map,
    keep: row.keep,
    kept: row.kept,
    pooled: row.pooled,
    tokens: row.tokens,
  });
  if (row.r !== undefined) expect(plan.ratio).toBeCloseTo(row.r, 5);
  const theirs = planAnyRes({ width, height }, { ...rule, rounding: "transformers" }).tokens;
  expect(theirs).toBe(row.tokens_in_transformers ?? row.tokens);
  count("sizes");
}

function packingOf({ kind, size = [1, 1], pictures = 1, frames = 1, newline }: PackingCase, rule: AnyResRule): Packing {
  const { side } = rule;
  const features = side * side;
  switch (kind) {
    case "anyres":
      return anyResPacking(planAnyRes({ width: size[0], height: size[1] }, rule), side);
    case "video":
      return videoPacking(frames, side, newline);
    case "flat":
      return tilePacking(features);
    default: {
      const one = tilePacking(features, { end: true });
      return joinedPackings(
        Array.from({ length: pictures }, () => one),
        features,
      );
    }
  }
}

/** The packed features, and the gradients of Σ packed · upstream. */
async function packedWithGradients(
  packing: Packing,
  given: (name: keyof StepCase["inputs"]) => Tensor,
): Promise<Record<string, number[]>> {
  const { shape, data } = given("features");
  const end = given("image_newline").data as Float32Array;
  const graph = new Graph();
  const features = graph.input("features", "float32", [1, ...shape]);
  const newline = graph.input("newline", "float32", [end.length]);
  const upstream = graph.input("upstream", "float32", [1, packing.tokens, end.length]);
  const packed = packAlike(builderOf(graph), features, packing, newline);
  graph.output("packed", packed);
  for (const [name, gradient] of gradients(graph, [[packed, upstream]], [features, newline]))
    graph.output(`d ${name}`, gradient);
  const results = await runGraph(graph, {
    features: tensor("float32", [...(data as Float32Array)], [1, ...shape]),
    newline: tensor("float32", [...end], [end.length]),
    upstream: tensor("float32", [...(given("upstream").data as Float32Array)], [1, packing.tokens, end.length]),
  });
  return {
    packed: numbers(results.packed),
    gradient_of_features: numbers(results["d features"]),
    gradient_of_image_newline: numbers(results["d newline"]),
  };
}

export function largestGap(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  return Array.from(want).reduce((most, x, i) => Math.max(most, Math.abs(x - (got[i] as number))), 0);
}
