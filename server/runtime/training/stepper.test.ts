import { describe, expect, it } from "vitest";
import { builderOf, layerNorm, linear } from "#models/blocks/builder";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { random } from "#models/random";
import { batchSymbol, compileProgram, type ProgramSpec } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { Stepper } from "./stepper";

/** Two linear maps with a mean squared output as loss: the mean over rows, so that batches may be cut in any way. */
function model(): Graph {
  const graph = new Graph();
  const b = builderOf(graph);
  const op = opsOf(graph);
  const x = graph.input("x", "float32", [batchSymbol, 6]);
  const y = linear(b, "out", op.Gelu(layerNorm(b, "ln", linear(b, "in", x, 8))), 3);
  graph.output("loss", op.ReduceMean(op.Mul(y, y), { keepdims: 0 }));
  return graph;
}
const draw = random("stepper");
const rows = Float32Array.from({ length: 16 * 6 }, () => draw.normal());
const batch = (from: number, to: number): ReadonlyMap<string, Tensor> =>
  new Map([["x", { dtype: "float32", shape: [to - from, 6], data: rows.subarray(from * 6, to * 6) }]]);
const start = (name: string, size: number): Float32Array => {
  const draw = random("start", name);
  return Float32Array.from({ length: size }, () => draw.normal() * 0.5);
};
const sizes: Record<string, number> = {
  "in.weight": 48,
  "in.bias": 8,
  "ln.weight": 8,
  "ln.bias": 8,
  "out.weight": 24,
  "out.bias": 3,
};

const usual: ProgramSpec = {
  optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 },
  clipNorm: 1,
  batch: 16,
  accumulate: 1,
  chunk: 0,
};

async function steps(
  spec: Partial<ProgramSpec>,
  batches: readonly (readonly ReadonlyMap<string, Tensor>[])[],
): Promise<{ losses: number[]; weights: Map<string, Float32Array> }> {
  const stepper = new Stepper({
    provider: "cpu",
    valueOf: (name) => start(name, sizes[name] as number),
    compile: () =>
      compileProgram(model(), {
        ...usual,
        ...spec,
      }),
  });
  const losses: number[] = [];
  for (const [i, list] of batches.entries()) losses.push((await stepper.step(list, 0.05, i + 1)).loss as number);
  const weights = new Map(
    [...(await stepper.parameters())].filter(([name]) => name in sizes).map(([name, w]) => [name, w.slice()]),
  );
  await stepper.release();
  return { losses, weights };
}
const close = (a: Awaited<ReturnType<typeof steps>>, b: Awaited<ReturnType<typeof steps>>) => {
  for (const [i, loss] of a.losses.entries()) expect(loss).toBeCloseTo(b.losses[i] as number, 5);
  for (const [name, w] of a.weights)
    for (const [i, v] of w.entries()) expect(v, name).toBeCloseTo(b.weights.get(name)?.[i] as number, 5);
};

describe("a step in parts", () => {
  const whole = [[batch(0, 16)], [batch(0, 16)], [batch(0, 16)]];
  it("averages the gradients of several batches: a mean over rows does not care how they are cut", async () => {
    const once = await steps({}, whole);
    expect(once.losses[2]).toBeLessThan(once.losses[0] as number);
    close(
      await steps(
        { batch: 4, accumulate: 4 },
        whole.map(() => [0, 4, 8, 12].map((at) => batch(at, at + 4))),
      ),
      once,
    );
    // Order does not matter either, and two unequal cuts of the same rows agree.
    close(
      await steps(
        { batch: 8, accumulate: 2 },
        whole.map(() => [batch(8, 16), batch(0, 8)]),
      ),
      once,
    );
  });
  it("takes the loss over all chunks at once", async () =>
    close(await steps({ chunk: 4 }, whole), await steps({}, whole)));
});

describe("loss scaling", () => {
  it("changes nothing where nothing overflows", async () =>
    close(
      await steps({ scaling: true }, [[batch(0, 16)], [batch(0, 16)]]),
      await steps({}, [[batch(0, 16)], [batch(0, 16)]]),
    ));
});

it("closes what it has not used for long where memory is short, and gives the same numbers", async () => {
  const compiled: number[] = [];
  const train = async (mostBytes: number | undefined) => {
    compiled.length = 0;
    const stepper = new Stepper({
      provider: "cpu",
      mostBytes,
      valueOf: (name) => start(name, sizes[name] as number),
      compile: (_, fed) => {
        const count = fed.get("x")?.shape[0] ?? 0;
        compiled.push(count);
        return compileProgram(model(), { ...usual, batch: count });
      },
    });
    const losses: number[] = [];
    for (const [i, end] of [8, 4, 8, 4].entries()) {
      losses.push((await stepper.step([batch(0, end)], 0.05, i + 1)).loss as number);
    }
    const states = new Map((await stepper.states()).map(({ name, data }) => [name, (data as Float32Array).slice()]));
    await stepper.release();
    return { losses, states };
  };
  const all = await train(Number.POSITIVE_INFINITY);
  expect(compiled).toEqual([8, 4]);
  const few = await train(0);
  expect(compiled).toEqual([8, 4, 8, 4]);
  expect(few).toEqual(all);
});
