import { divideDims, multiplyDims } from "../../dim";
import type { Dim, Shape } from "../../graph";
import { axisOf, show } from "../../shape";
import { isKnown, knownElements, type Operand, ofKnown } from "../operand";
import { type Call, refuse, type Translation } from "./call";
import { expanded, reshaped, sliced, transposed } from "./views";

export const Reshape: Translation = (call) => {
  const x = call.input(0);
  const target = call.freed("reshape", x.shape, copied(call, x.shape, call.sizes(1)));
  return [reshaped(call, x, completed(x.shape, target))];
};

/** Reshape's target, where 0 copies a size. */
function copied(call: Call, shape: Shape, wanted: readonly Dim[]): readonly Dim[] {
  if (call.attrs.allowzero) return wanted;
  return wanted.map((size, i) => {
    if (size !== 0) return size;
    return shape[i] ?? refuse(`it copies axis ${i} of ${show(shape)}, which has none`);
  });
}

/** Reshape's target, where −1 is what is left. */
function completed(shape: Shape, target: readonly Dim[]): readonly Dim[] {
  if (!target.includes(-1)) return target;
  const all = shape.reduce(multiplyDims, 1);
  const others = target.filter((size) => size !== -1).reduce(multiplyDims, 1);
  const rest = divideDims(all, others);
  if (rest === undefined)
    refuse(`${show(shape)} cannot be reshaped to ${show(target)}: ${all} elements do not divide by ${others}`);
  return target.map((size) => (size === -1 ? rest : size));
}

export const Flatten: Translation = (call) => {
  const { shape } = call.input(0);
  const { axis = 1 } = call.attrs as { axis?: number };
  const at = axis < 0 ? axis + shape.length : axis;
  const sizes = [shape.slice(0, at), shape.slice(at)].map((part) => part.reduce(multiplyDims, 1));
  return [reshaped(call, call.input(0), sizes)];
};

export const Squeeze: Translation = (call) => {
  const { shape } = call.input(0);
  const named = call.listed("axes", 1)?.map((axis) => axisOf(axis, shape.length));
  const isGone = (size: Dim, axis: number) => (named ? named.includes(axis) : size === 1);
  const kept = shape.filter((size, axis) => !isGone(size, axis));
  return [reshaped(call, call.input(0), kept)];
};

export const Unsqueeze: Translation = (call) => {
  const { shape } = call.input(0);
  const axes = call.listed("axes", 1) ?? refuse("it has no axes");
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(axis, rank)));
  const old = [...shape];
  const to = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (old.shift() as Dim)));
  return [reshaped(call, call.input(0), to)];
};

export const Expand: Translation = (call) => {
  const x = call.input(0);
  return [expanded(call, x, call.freed("expand", x.shape, call.sizes(1)))];
};

export const Transpose: Translation = (call) => {
  const x = call.input(0);
  const reversed = x.shape.map((_, i) => x.shape.length - 1 - i);
  return [transposed(call, x, (call.attrs.perm as number[] | undefined) ?? reversed)];
};

export const Concat: Translation = (call) => {
  const parts = call.inputs();
  const lists = parts.filter(isKnown).filter((part) => part.shape.length === 1);
  const known = lists.flatMap((list) => list.known);
  if (lists.length < parts.length || known.length > knownElements)
    return call.emitAll("Concat", ofOneBatch(call, parts), { axis: call.axis() });
  return [ofKnown(call.builder, call.input(0).dtype, [known.length], known)];
};

/** A part that has one row because the batch was one when the model was exported has it for each row. */
function ofOneBatch(call: Call, parts: readonly Operand[]): readonly Operand[] {
  const { batch } = call.context;
  if (batch?.baked.size !== 1) return parts;
  const { rows } = batch;
  const axis = parts.map((part) => part.shape.indexOf(rows)).find((found) => found >= 0);
  if (axis === undefined || axis === call.axis()) return parts;
  return parts.map((part) => (part.shape[axis] === 1 ? expanded(call, part, part.shape.with(axis, rows)) : part));
}

export const Gather: Translation = (call) => {
  const x = call.input(0);
  const index = call.input(1);
  const axis = call.axis(0);
  if (!isKnown(x) || !isKnown(index) || x.shape.length !== 1) return call.emitAll("Gather", [x, index], { axis });
  const size = x.known.length;
  const picked = call
    .integers(1)
    .map((i) => x.known[i < 0 ? i + size : i] ?? refuse(`it picks element ${i} of ${size}`));
  return [ofKnown(call.builder, x.dtype, index.shape, picked)];
};

/** Where it cuts was in attributes before opset 10. */
export const Slice: Translation = (call) => {
  const starts = sizesOf(call, "starts", 1);
  const ends = sizesOf(call, "ends", 2);
  const axes = call.listed("axes", 3);
  const steps = call.listed("steps", 4);
  const cuts = starts.map((start, i) => ({
    axis: axes ? (axes[i] as number) : i,
    start,
    end: ends[i] as Dim,
    step: steps?.[i] ?? 1,
  }));
  return [sliced(call, call.input(0), cuts)];
};

const sizesOf = (call: Call, name: string, index: number): readonly Dim[] =>
  (call.attrs[name] as readonly number[] | undefined) ?? call.sizes(index);

export const Split: Translation = (call) => {
  const x = call.input(0);
  const axis = call.axis(0);
  const parts = call.option("num_outputs", call.node.outputs.length);
  const counts = call.listed("split", 1) ?? evenly(x.shape[axis] as Dim, parts);
  let start = 0;
  return counts.map((count): Operand => {
    const part = sliced(call, x, [{ axis, start, end: start + count }]);
    start += count;
    return part;
  });
};

/** Equal parts; the last one is smaller where they do not fit. */
function evenly(size: Dim, parts: number): number[] {
  if (typeof size !== "number") return refuse(`it splits an axis of the size ${size}`);
  const each = Math.ceil(size / parts);
  return Array.from({ length: parts }, (_, i) => Math.min(each, size - i * each));
}

/** Paddings and filler were attributes before opset 11. */
export const Pad: Translation = (call) => {
  const x = call.input(0);
  const rank = x.shape.length;
  const given = call.listed("pads", 1) ?? refuse("it has no paddings");
  const axes = call.operands[3] ? call.integers(3).map((axis) => axisOf(axis, rank)) : x.shape.map((_, axis) => axis);
  const { mode = "constant", value } = call.attrs;
  const pads: number[] = Array(2 * rank).fill(0);
  for (const [i, axis] of axes.entries()) {
    pads[axis] = given[i] ?? 0;
    pads[axis + rank] = given[i + axes.length] ?? 0;
  }
  if (pads.every((count) => count === 0)) return [x];
  const filler = call.operands[2] ?? (value === undefined ? undefined : call.scalar(value as number));
  return call.emitAll("Pad", filler && mode === "constant" ? [x, filler] : [x], { pads, mode });
};

/** The rows that a known list of truths chooses. */
export const Compress: Translation = (call) => {
  const places = call.integers(1).flatMap((isChosen, i) => (isChosen ? [i] : []));
  const index = ofKnown(call.builder, "int64", [places.length], places);
  const x = call.input(0);
  if (call.attrs.axis !== undefined) return [call.emit("Gather", [x, index], { axis: call.axis() })];
  return [call.emit("Gather", [reshaped(call, x, [x.shape.reduce(multiplyDims, 1)]), index], { axis: 0 })];
};

/** What ScatterElements was called before opset 11. */
export const Scatter: Translation = (call) => call.emitAll("ScatterElements", call.inputs(), call.attrs);
