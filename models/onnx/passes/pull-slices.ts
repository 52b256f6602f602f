import { multiplyDims } from "../dim";
import type { Attrs, Dim, Graph, OpNode, Shape, Value } from "../graph";
import { append, isElementwise, type OpName, opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { axisOf, sameDim, sliced } from "../shape";
import { dropDead } from "./drop-dead";

/**
 * Slices pulled up: where only a small part along one axis is read in the end, as a head reads the class token alone,
 * what gives it is computed for that part alone. The last block of a vision transformer then has one query a picture,
 * and its feed-forward layer one row. A value is computed in part only where all that read it want the same part.
 */
export function pullSlices(source: Graph): Graph {
  const graph = dropDead(source); // what reads a value for nothing would ask for all of it
  const parts = partsOf(graph);
  const pulled = rewrite(graph, {
    visit(node, inputs, target) {
      const isThere = (i: number, part: Part) => isSame(parts.get((node.inputs[i] as Value).name), part);
      const chosen = chosenBy(graph, node);
      if (chosen) return isThere(0, chosen) ? [rest(target, node, inputs)] : undefined;
      const part = parts.get((node.outputs[0] as Value).name);
      if (!part || part === whole) return undefined;
      const narrow = (sourcesOf(node, part) ?? []).flatMap((source, i) => {
        const x = inputs[i] as Value;
        if (source === unread) return [];
        return [source === whole || isThere(i, source) ? x : cut(target, x, source)];
      });
      return append(target, node.op as OpName, narrow, attrsFor(node, part));
    },
  });
  return dropDead(pulled); // parts of a Concat that are not read
}

/** A stretch along one axis. */
interface Part {
  axis: number;
  start: number;
  count: number;
}
const whole = "whole";
const unread = "unread";

/** What is read of each value. */
function partsOf(graph: Graph): Map<string, Part | typeof whole> {
  const parts = new Map<string, Part | typeof whole>();
  const read = ({ name }: Value, part: Part | typeof whole): void => {
    const known = parts.get(name);
    parts.set(name, known === undefined || isSame(known, part) ? part : whole);
  };
  for (const value of [...graph.outputs.values(), ...graph.updates.values()]) read(value, whole);
  for (const node of graph.nodes.toReversed()) {
    const [y, ...more] = node.outputs as [Value, ...Value[]];
    const part = parts.get(y.name);
    const chosen = chosenBy(graph, node);
    const isAlone = more.every(({ name }) => !parts.has(name));
    const sources = !chosen && part && part !== whole && isAlone ? sourcesOf(node, part) : undefined;
    if (!sources) parts.set(y.name, whole);
    for (const [i, x] of node.inputs.entries()) {
      const source = sources ? sources[i] : (i === 0 && chosen) || whole;
      if (source && source !== unread) read(x, source);
    }
  }
  for (const { value } of [...graph.parameters, ...graph.constants]) parts.set(value.name, whole);
  for (const { name } of graph.inputs) parts.set(name, whole);
  return parts;
}

const isSame = (a: Part | typeof whole | undefined, b: Part | typeof whole): boolean =>
  typeof a === "object" && typeof b === "object"
    ? a.axis === b.axis && a.start === b.start && a.count === b.count
    : a === b;

/** The small part that an op takes out of its first input: a Slice of one axis, or a Gather of one place. */
function chosenBy(graph: Graph, { op, inputs: [x, index], attrs }: OpNode): Part | undefined {
  if (!x || x.shape.length === 0) return undefined;
  if (op === "Gather") {
    const place = index && graph.constantOf(index);
    if (place?.data.length !== 1) return undefined;
    const start = Number(place.data[0]);
    return small(x.shape, (attrs.axis as number | undefined) ?? 0, start, start === -1 ? lastEnd : start + 1, 1);
  }
  const { starts, ends, axes, steps } = attrs as Record<string, readonly number[] | undefined>;
  if (op !== "Slice" || axes?.length !== 1) return undefined;
  return small(x.shape, axes[0] as number, starts?.[0] as number, ends?.[0] as number, steps?.[0] ?? 1);
}

/** "To the end", as exporters write it. */
const lastEnd = 2 ** 31 - 1;

/** A stretch of at most half of an axis. Of an axis whose size is not known it is taken to be that. */
function small(shape: Shape, axisGiven: number, from: number, to: number, step: number): Part | undefined {
  const axis = axisOf(axisGiven, shape.length);
  const size = shape[axis] as Dim;
  const { start, count } = sliced(size, from, to, step);
  if (step !== 1 || count === "*" || !Number.isFinite(start)) return undefined;
  return typeof size === "string" || 2 * count <= size ? { axis, start, count } : undefined;
}

/** What is left to do of an op that takes a part of a value, when only this part is there. */
function rest(target: Graph, node: OpNode, [x, index]: readonly Value[]): Value {
  if (node.op === "Slice") return x as Value;
  return opsOf(target).Gather(x as Value, target.constant([0], "int64", (index as Value).shape), node.attrs);
}

const cut = (target: Graph, x: Value, { axis, start, count }: Part): Value =>
  opsOf(target).Slice(x, { starts: [start], ends: [start + count], axes: [axis] });

type Source = Part | typeof whole | typeof unread;

/** What a part of an op's result is computed from, input by input; undefined where it takes more than parts. */
function sourcesOf(node: OpNode, part: Part): readonly Source[] | undefined {
  const { op, inputs, attrs } = node;
  const [y] = node.outputs as [Value];
  const rank = y.shape.length;
  const alongside = (axis: number): Source[] => [{ ...part, axis }, ...inputs.slice(1).map(() => whole as Source)];
  if (isElementwise(op)) return broadcastSources(inputs, y.shape, part);
  if (op in normalizedFrom) {
    const axis = axisOf((attrs.axis as number | undefined) ?? -1, rank);
    const isOutside = normalizedFrom[op] === "axis" ? part.axis !== axis : part.axis < axis;
    return isOutside ? alongside(part.axis) : undefined;
  }
  if (op.startsWith("Reduce")) return reducedSources(node, part, alongside);
  switch (op) {
    case "MatMul": {
      if (part.axis === rank - 1) return undefined;
      return part.axis === rank - 2
        ? alongside((inputs[0] as Value).shape.length - 2)
        : broadcastSources(inputs, y.shape, part);
    }
    case "Expand":
      return (attrs.to as Shape).length === rank ? broadcastSources(inputs, y.shape, part) : undefined;
    case "Transpose":
      return alongside((attrs.perm as readonly number[])[part.axis] as number);
    case "Slice": {
      const isCut = (attrs.axes as readonly number[]).some((axis) => axisOf(axis, rank) === part.axis);
      return isCut ? undefined : alongside(part.axis);
    }
    case "Reshape": {
      const axis = keptAxis((inputs[0] as Value).shape, y.shape, part.axis);
      return axis === undefined ? undefined : alongside(axis);
    }
    case "Concat":
      return axisOf(attrs.axis as number, rank) === part.axis
        ? sourcesInConcat(inputs, part)
        : inputs.map(() => ({ ...part }));
    default:
      return undefined;
  }
}

/** Ops that join the elements of one axis, or of all from one axis on. */
const normalizedFrom: Readonly<Record<string, "axis" | "on">> = {
  Softmax: "axis",
  LogSoftmax: "axis",
  LpNormalization: "axis",
  LayerNormalization: "on",
  RMSNormalization: "on",
  SimplifiedLayerNormalization: "on",
};

/** The part of each input where inputs are broadcast together, which of an axis of one element is all of it. */
function broadcastSources(inputs: readonly Value[], shape: Shape, part: Part): readonly Source[] | undefined {
  const size = shape[part.axis] as Dim;
  const sources = inputs.map(({ shape: own }): Source | undefined => {
    const axis = part.axis - (shape.length - own.length);
    if (axis < 0 || own[axis] === 1) return whole;
    return own[axis] === size && size !== "*" ? { ...part, axis } : undefined;
  });
  return sources.every((source) => source !== undefined) ? sources : undefined;
}

function reducedSources(
  { inputs: [x], attrs }: OpNode,
  part: Part,
  alongside: (axis: number) => readonly Source[],
): readonly Source[] | undefined {
  const rank = (x as Value).shape.length;
  const axes = (attrs.axes as readonly number[] | undefined)?.map((axis) => axisOf(axis, rank));
  if (!axes) return undefined;
  const kept = (x as Value).shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const axis = attrs.keepdims === 0 ? (kept[part.axis] as number) : part.axis;
  return axes.includes(axis) ? undefined : alongside(axis);
}

/** The axis that stays as it is when a shape becomes another: as many elements stand before it in both. */
function keptAxis(from: Shape, to: Shape, axis: number): number | undefined {
  if ([...from, ...to].includes("*")) return undefined;
  const before = (shape: Shape, end: number) => shape.slice(0, end).reduce(multiplyDims, 1);
  const found = from.findIndex((size, i) => size === to[axis] && sameDim(before(from, i), before(to, axis)));
  return found < 0 ? undefined : found;
}

/** A part that lies in one of several values which are put together along its axis. */
function sourcesInConcat(inputs: readonly Value[], part: Part): readonly Source[] | undefined {
  let offset = 0;
  for (const [i, { shape }] of inputs.entries()) {
    const size = shape[part.axis] as Dim;
    const start = part.start - offset;
    if (typeof size === "string") return undefined;
    if (start < size) {
      if (start + part.count > size) return undefined;
      return inputs.map((_, k) => {
        if (k !== i) return unread;
        return part.count === size ? whole : { ...part, start };
      });
    }
    offset += size;
  }
  return undefined;
}

/** An op's attributes for a part of its result. */
function attrsFor({ op, attrs }: OpNode, { axis, count }: Part): Attrs {
  if (op !== "Reshape" && op !== "Expand") return attrs;
  return { ...attrs, to: (attrs.to as readonly Dim[]).with(axis, count) };
}
