import * as ort from "onnxruntime-node";
import type { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import type { Part, Program } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { Failure } from "../../errors";
import { optionsFor, toOrt } from "../sessions";
import { brokenData } from "./finite";
import { type BuiltStage, compileStage, type StageSpec } from "./stage";
import type { NonFinite, Stepper } from "./stepper";
import type { DrawnBatch } from "./state";

export interface NonFiniteStep {
  spec: StageSpec;
  built: BuiltStage;
  /** Of the whole training. */
  step: number;
  drawn: readonly DrawnBatch[];
  stepper: Stepper;
}

/**
 * Throws what a person reads when a step's loss or gradient is no number any more: where that began, and with which
 * rows.
 */
export async function explainNonFinite(error: NonFinite, failed: NonFiniteStep): Promise<never> {
  const { spec, built, step, drawn, stepper } = failed;
  const { graph, node, request, stage } = spec;
  const inOne = { ...spec, request: { ...request, chunk: 0 }, stage: { ...stage, accumulate: 1 } };
  const { feeds } = drawn[0] as DrawnBatch;
  const found = await firstNonFinite(compileStage(inOne, built, feeds), feeds, stepper);
  const title = found?.scope && (graph.nodes.get(found.scope)?.definition.title ?? found.scope);
  const { loss, grad_norm } = error.told;
  const what = Number.isFinite(loss) ? "gradient" : "loss";
  const began = found ? ` It began in ${found.op}${title ? ` of ${title}` : ""}.` : "";
  const data = brokenData(drawn, graph);
  const rows = drawn.flatMap((batch) => [...batch.rows]).slice(0, 64);
  throw new Failure({
    node,
    message:
      `Training stopped at step ${step}: the ${what} is no longer a finite number.` +
      `${began}${data ? ` ${data}` : ""}`,
    hint: data
      ? "Correct or leave out this row of the data."
      : "Lower the learning rate, lengthen the warmup, or clip the gradient norm. " +
        "If it happens at the first step, look at the data.",
    details: {
      step: String(step),
      loss: String(loss),
      grad_norm: String(grad_norm),
      rows: rows.join(", "),
      ...(found ? { operation: `${found.op} (${found.value})` } : {}),
    },
  });
}

interface NonFiniteAt {
  op: string;
  /** The value's name in the graph. */
  value: string;
  /** The node it belongs to. */
  scope?: string;
}

/**
 * Runs a step once more on the CPU with every value tapped, and finds the first op whose result holds a number that is
 * not finite. A tap is one number: the sum of 0·x, which is 0 for finite x and NaN otherwise.
 */
async function firstNonFinite(
  program: Program,
  feeds: ReadonlyMap<string, Tensor>,
  stepper: Stepper,
): Promise<NonFiniteAt | undefined> {
  if (!("step" in program.parts)) return undefined;
  const { graph } = program.parts.step as Part;
  const taps = tap(graph);
  const state = await stepper.parameters();
  const shapes = new Map(
    [...graph.inputs, ...graph.parameters.map((p) => p.value)].map((v) => [v.name, v.shape as number[]]),
  );
  const given: Record<string, ort.Tensor> = {};
  for (const [name, shape] of shapes) {
    const tensor = feeds.get(name);
    const data = state.get(name) ?? new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(name === "step" ? 1 : 0);
    given[name] = tensor ? toOrt(tensor) : new ort.Tensor("float32", data, shape);
  }
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
    ...optionsFor("cpu"),
    graphOptimizationLevel: "disabled",
  });
  try {
    const out = (await session.run(
      given,
      taps.map((t) => t.output),
    )) as Record<string, ort.Tensor>;
    return taps.find((t) => !Number.isFinite((out[t.output]?.data as Float32Array)[0]));
  } catch {
    return undefined; // too large to be looked at as a whole
  } finally {
    await session.release();
  }
}

function tap(graph: Graph): (NonFiniteAt & { output: string })[] {
  const op = opsOf(graph);
  const zero = graph.constant([0]);
  return [...graph.nodes].flatMap((node) => {
    const [value] = node.outputs;
    if (value?.dtype !== "float32" || node.scope === "optimizer") return [];
    const output = `tap ${value.name}`;
    graph.output(output, op.ReduceSum(op.Mul(value, zero), { keepdims: 0 }));
    return [{ op: node.op, value: value.name, scope: node.scope, output }];
  });
}
