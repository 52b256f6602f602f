/** Compiles the graph of a loss to the models of a training step. */

import { reached, type Seed } from "../onnx/differentiate";
import { Graph, type Parameter, type Shape, type Value } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import { optimize } from "../onnx/passes/index";
import { rowChunks } from "../onnx/passes/row-chunks";
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

/** What counts the items of packed rows in such a graph. */
export const itemSymbols = (graph: Graph): string[] => [
  ...new Set(
    graph.inputs.flatMap(({ shape: [size] }) => (typeof size === "string" && size !== batchSymbol ? [size] : [])),
  ),
];

export interface ProgramSpec extends UpdateSpec {
  /** Rows of a step. */
  batch: number;
  /** How many items they have, by the symbol that counts them. */
  items?: Readonly<Record<string, number>>;
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

/** Compiles a graph whose batch is symbolic. Its output `loss` is minimised; other outputs are scalars to be told. */
export function compileProgram(graph: Graph, spec: ProgramSpec): Program {
  const { batch, accumulate, chunk } = spec;
  if (chunk !== 0 && chunk !== batch) return chunkedProgram(graph, spec);
  return accumulate === 1 ? singleProgram(graph, spec) : accumulatedProgram(graph, spec);
}

/** Forward, backward and update in one model. */
function singleProgram(graph: Graph, spec: ProgramSpec): Program {
  const whole = forRows(graph, spec.batch, spec);
  const trained = trainable(whole, [lossOf(whole)], spec);
  const states = trainStep(whole, lossOf(whole), spec);
  return {
    parts: { step: optimized({ graph: whole, states }) },
    crossings: [],
    chunks: 1,
    states,
    trained: trained.map((p) => p.name),
  };
}

/** A model that adds the gradients of a batch to sums, and one that spends them. */
function accumulatedProgram(graph: Graph, spec: ProgramSpec): Program {
  const trained = trainable(graph, [lossOf(graph)], spec);
  const update = updatePart(trained, spec);
  const whole = forRows(graph, spec.batch, spec);
  const buffers = buffersOf(whole);
  const learning = sameParameters(whole, trained);
  accumulateInto(whole, gradientsOf(whole, [seedOf(whole, spec)], valuesOf(learning), spec), learning);
  return {
    parts: { accumulate: optimized({ graph: whole, states: buffers }), update: optimized(update) },
    crossings: [],
    chunks: 1,
    states: [...update.states, ...buffers],
    trained: trained.map((p) => p.name),
  };
}

/** The rows are encoded in chunks, twice; the loss sees all of them at once. */
function chunkedProgram(graph: Graph, spec: ProgramSpec): Program {
  const { batch, chunk } = spec;
  const trained = trainable(graph, [lossOf(graph)], spec);
  const update = updatePart(trained, spec);
  const axes = rowAxes(graph, batchSymbol);
  const { first, second, boundary } = split(graph, (v) => axes.has(v.name));
  const encode = forRows(first, chunk, spec);
  const head = forRows(second, batch, spec);
  const backward = forRows(first, chunk, spec);
  const buffers = buffersOf(head);
  const reachedByLoss = reached(head, [lossOf(head)]);
  const crossings = boundary.map(
    ({ name, value }): Crossing => ({
      name,
      axis: axes.get(value.name) as number,
      shape: fixed(inputOf(head, name).shape),
      returns: reachedByLoss.has(name),
    }),
  );
  const returning = crossings.filter((crossing) => crossing.returns).map((crossing) => crossing.name);
  differentiateHead(head, returning, trained, spec);
  differentiateChunk(backward, returning, trained, spec);
  return {
    parts: {
      encode: optimized({ graph: encode, states: [] }),
      head: optimized({ graph: head, states: buffers }),
      backward: optimized({ graph: backward, states: [] }),
      update: optimized(update),
    },
    crossings,
    chunks: batch / chunk,
    states: [...update.states, ...buffers],
    trained: trained.map((p) => p.name),
  };
}

/** From the loss as far as the boundary, whose cotangents become outputs. */
function differentiateHead(
  head: Graph,
  returning: readonly string[],
  trained: readonly Parameter[],
  spec: ProgramSpec,
): void {
  const learning = sameParameters(head, trained);
  const entering = returning.map((name) => inputOf(head, name));
  const grads = gradientsOf(head, [seedOf(head, spec)], [...valuesOf(learning), ...entering], spec);
  for (const name of returning) head.output(cotangentOf(name), grads.get(name) as Value);
  accumulateInto(head, grads, learning);
}

/** From the boundary's cotangents, which come in, to the parameters of a chunk. */
function differentiateChunk(
  backward: Graph,
  returning: readonly string[],
  trained: readonly Parameter[],
  spec: ProgramSpec,
): void {
  const seeds = returning.map((name): Seed => {
    const value = backward.outputs.get(name) as Value;
    return [value, backward.input(cotangentOf(name), value.dtype, value.shape)];
  });
  backward.outputs.clear();
  const learning = sameParameters(backward, trained);
  accumulateInto(backward, gradientsOf(backward, seeds, valuesOf(learning), spec), learning);
}

/** A graph for so many rows, ready to be differentiated. */
function forRows(graph: Graph, rows: number, { items, prepare = (made) => made }: ProgramSpec): Graph {
  return rowChunks(prepare(optimize(rewrite(graph, { sizes: { ...items, [batchSymbol]: rows } }))));
}
const optimized = ({ graph, states }: Part): Part => ({ graph: optimize(graph), states });
const lossOf = (graph: Graph): Value => graph.outputs.get("loss") as Value;
const valuesOf = (parameters: readonly Parameter[]): Value[] => parameters.map((p) => p.value);
/** The parameters of a part that are called like these. */
function sameParameters(graph: Graph, parameters: readonly Parameter[]): Parameter[] {
  const names = new Set(parameters.map((p) => p.name));
  return graph.parameters.filter((p) => names.has(p.name));
}

/** The loss and what its gradient begins with: a batch's share of an update, and the scale where the loss has one. */
function seedOf(graph: Graph, { accumulate, scaling }: ProgramSpec): Seed {
  const share = graph.constant([1 / accumulate]);
  return [lossOf(graph), scaling ? opsOf(graph).Mul(lossScale(graph), share) : share];
}

/** What the sum of a parameter's gradients is called. */
const sumOf = (name: string): string => `${name}#grad`;

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
    const copy = graph.parameter(name, shape as readonly number[], init);
    return { parameter: { name, init, value: copy }, gradient: graph.input(sumOf(name), "float32", shape) };
  });
  return { graph, states: appendUpdate(graph, trained, spec) };
}

const buffersOf = (graph: Graph): State[] => [...graph.updates].map(([name, next]) => goRound(graph, name, next, 0));
