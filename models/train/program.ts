import { reached } from "../onnx/differentiate";
import { Graph, type Parameter, type Shape, type Value } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import { optimize } from "../onnx/passes/index";
import { rewrite } from "../onnx/rewrite";
import { rowAxes } from "../onnx/rows";
import { fixed } from "../onnx/shape";
import { split } from "../onnx/split";
import {
  appendUpdate,
  goRound,
  gradientsOf,
  lossScale,
  type State,
  trainable,
  trainStep,
  type UpdateSpec,
} from "./step";

/** The symbol of the batch in a graph that is to be trained. */
export const batchSymbol = "batch";

export interface ProgramSpec extends UpdateSpec {
  /** Rows of a step. */
  batch: number;
  /** Batches whose gradients are averaged before an update. */
  accumulate: number;
  /** Rows that are encoded at a time; 0 or `batch` encodes all at once. Losses over the whole batch stay exact. */
  chunk: number;
  /** Made of each forward part before it is differentiated, for example its float16 form. */
  prepare?(graph: Graph): Graph;
}

/** One model of a training step, and the tensors that it replaces. */
export interface Part {
  graph: Graph;
  states: State[];
}

/**
 * A boundary value of a chunked step: where its rows lie, its shape for a whole batch, and whether a cotangent comes
 * back for it.
 */
export interface Crossing {
  name: string;
  axis: number;
  shape: readonly number[];
  returns: boolean;
}

/**
 * A training step as models. `step` is all of it in one. With accumulation, `accumulate` adds a batch's gradients to
 * sums and `update` spends them. With chunks (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under
 * Memory Limited Setup"), `encode` makes the boundary for some rows, `head` takes the loss over all rows and
 * differentiates as far as the boundary, and `backward` encodes the rows again and carries the boundary's cotangents on
 * to the parameters.
 */
export interface Program {
  parts:
    | { step: Part }
    | { accumulate: Part; update: Part }
    | { encode: Part; head: Part; backward: Part; update: Part };
  crossings: Crossing[];
  /** How many chunks a batch has. */
  chunks: number;
  /** Everything that goes round, over all parts, without the sums. */
  states: State[];
  /** The parameters that train. */
  trained: string[];
}

const sumOf = (name: string): string => `${name}#grad`;

/** Compiles a graph whose batch is symbolic. Its output `loss` is minimised; other outputs are scalars to be told. */
export function compileProgram(graph: Graph, spec: ProgramSpec): Program {
  const { batch, accumulate, chunk, prepare = (g) => g } = spec;
  const at = (g: Graph, rows: number): Graph => prepare(optimize(rewrite(g, { sizes: { [batchSymbol]: rows } })));
  const done = ({ graph: g, states }: Part): Part => ({ graph: optimize(g), states });
  const lossOf = (g: Graph): Value => g.outputs.get("loss") as Value;

  if (accumulate === 1 && (chunk === 0 || chunk === batch)) {
    const whole = at(graph, batch);
    const trained = trainable(whole, [lossOf(whole)], spec);
    const states = trainStep(whole, lossOf(whole), spec);
    return {
      parts: { step: done({ graph: whole, states }) },
      crossings: [],
      chunks: 1,
      states,
      trained: trained.map((p) => p.name),
    };
  }
  const all = trainable(graph, [lossOf(graph)], spec);
  const names = new Set(all.map((p) => p.name));
  const update = updatePart(all, spec);
  const scale = (g: Graph): Value => {
    const op = opsOf(g);
    const share = g.constant([1 / accumulate]);
    return spec.scaling ? op.Mul(lossScale(g), share) : share;
  };
  const learns = (g: Graph): Parameter[] => g.parameters.filter((p) => names.has(p.name));
  if (chunk === 0 || chunk === batch) {
    const whole = at(graph, batch);
    const buffers = buffersOf(whole);
    accumulateInto(
      whole,
      gradientsOf(
        whole,
        [[lossOf(whole), scale(whole)]],
        learns(whole).map((p) => p.value),
        spec,
      ),
      learns(whole),
    );
    return {
      parts: { accumulate: done({ graph: whole, states: buffers }), update: done(update) },
      crossings: [],
      chunks: 1,
      states: [...update.states, ...buffers],
      trained: [...names],
    };
  }

  const axes = rowAxes(graph, batchSymbol);
  const { first, second, boundary } = split(graph, (v) => axes.has(v.name));
  const encode = at(first, chunk);
  const head = at(second, batch);
  const backward = at(first, chunk);
  const buffers = buffersOf(head);
  const back = reached(head, [lossOf(head)]);
  const crossings = boundary.map(
    ({ name, value }): Crossing => ({
      name,
      axis: axes.get(value.name) as number,
      shape: fixed(inputOf(head, name).shape),
      returns: back.has(name),
    }),
  );
  const returning = crossings.filter((c) => c.returns);
  const grads = gradientsOf(
    head,
    [[lossOf(head), scale(head)]],
    [...learns(head).map((p) => p.value), ...returning.map((c) => inputOf(head, c.name))],
    spec,
  );
  for (const c of returning) head.output(cotangentOf(c.name), grads.get(c.name) as Value);
  accumulateInto(head, grads, learns(head));
  const seeds = returning.map(({ name }) => {
    const value = backward.outputs.get(name) as Value;
    return [value, backward.input(cotangentOf(name), value.dtype, value.shape)] as const;
  });
  backward.outputs.clear();
  accumulateInto(
    backward,
    gradientsOf(
      backward,
      seeds,
      learns(backward).map((p) => p.value),
      spec,
    ),
    learns(backward),
  );
  return {
    parts: {
      encode: done({ graph: encode, states: [] }),
      head: done({ graph: head, states: buffers }),
      backward: done({ graph: backward, states: [] }),
      update: done(update),
    },
    crossings,
    chunks: batch / chunk,
    states: [...update.states, ...buffers],
    trained: [...names],
  };
}

const inputOf = (graph: Graph, name: string): Value => graph.inputs.find((v) => v.name === name) as Value;

export const cotangentOf = (name: string): string => `d ${name}`;

/** Adds gradients to the sums that come in as `name#grad` and go out as `next name#grad`. */
function accumulateInto(graph: Graph, grads: ReadonlyMap<string, Value>, parameters: readonly Parameter[]): void {
  const op = opsOf(graph);
  for (const { name, value } of parameters) {
    const sum = op.Add(graph.input(sumOf(name), "float32", value.shape), grads.get(value.name) as Value);
    graph.output(`next ${sumOf(name)}`, sum);
  }
}

/** The update by itself, on gradients that come in as `name#grad`. */
function updatePart(parameters: readonly Parameter[], spec: UpdateSpec): Part {
  const graph = new Graph();
  const trained = parameters.map(({ name, value, init }) => {
    const shape: Shape = value.shape;
    const own = graph.parameter(name, shape as readonly number[], init);
    return { parameter: { name, init, value: own }, gradient: graph.input(sumOf(name), "float32", shape) };
  });
  return { graph, states: appendUpdate(graph, trained, spec) };
}

const buffersOf = (graph: Graph): State[] => [...graph.updates].map(([name, next]) => goRound(graph, name, next, 0));
