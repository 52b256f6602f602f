import type { Builder } from "../../blocks/builder";
import { normalizeBatch } from "../../blocks/convolution";
import { divideDims, multiplyDims } from "../dim";
import type { Attrs, Dim, Shape, Value } from "../graph";
import { append, opDefinition, type OpName, opTable } from "../ops/index";
import { axisOf, broadcast, fixed, show, sizeOf } from "../shape";
import { samePads, type Window } from "../window";
import { isFoldable } from "./fold";
import {
  broadcastStrides,
  isKnown,
  knownElements,
  type Operand,
  ofKnown,
  ofTensor,
  ofValue,
  strided,
  stridesOf,
} from "./operand";
import type { FileNode } from "./read";
import { dtypeOf } from "./tensor";

/** One op of the file on its way into our graph. */
export interface Call {
  b: Builder;
  node: FileNode;
  opset: number;
  /** The inputs; an optional one that is left out is undefined. */
  x: readonly (Operand | undefined)[];
  attrs: Attrs;
}
/** What an op of the file becomes: one operand per output. */
export type Translation = (c: Call) => readonly Operand[];

/** Whether an op of the file can be imported: by a translation, since ours is the same, or at least on sizes. */
export const isImportable = (op: string): boolean => translations.has(op) || isOurs(op) || isFoldable(op);
/** The ops that files may hold. */
export const importableOps = (): string[] => [
  ...new Set([...translations.keys(), ...Object.keys(opTable).filter(isOurs)]),
];
const isOurs = (op: string): op is OpName => Object.hasOwn(opTable, op) && opDefinition(op).onnx === undefined;

export const translationOf = (op: string): Translation => translations.get(op) ?? asOurs;

/** Names and attributes are ONNX's; what ONNX takes as integer tensors are attributes of ours: a list, or one number. */
function asOurs(c: Call): readonly Operand[] {
  if (!isOurs(c.node.op)) return fail("it works on data, and is known on sizes only");
  const { asInputs = [], asInputsAt: at = 1 } = opDefinition(c.node.op);
  const { auto_pad, ...attrs } = c.attrs;
  for (const [i, name] of asInputs.entries())
    if (c.x[at + i]) attrs[name] = input(c, at + i).shape.length ? integers(c, at + i) : integers(c, at + i)[0];
  const indices = c.x.map((_, i) => i).filter((i) => !asInputs.length || i < at || i >= at + asInputs.length);
  return emit(
    c,
    c.node.op,
    indices.map((i) => input(c, i)),
    attrs,
  );
}

const emit = ({ b }: Call, op: OpName, x: readonly Operand[], attrs: Attrs = {}): Operand[] =>
  append(
    b.graph,
    op,
    x.map((v) => v.value()),
    attrs,
  ).map(ofValue);

function fail(message: string): never {
  throw new Error(message);
}
function input({ x }: Call, i: number): Operand {
  return x[i] ?? fail(`its input ${i + 1} is missing`);
}
/** The integers of an input, which must follow from the file and the shapes; sizes among them may be symbolic. */
const sizesAt = (c: Call, i: number): readonly Dim[] =>
  input(c, i).known ??
  fail(`its input ${i + 1} depends on data, and shapes must follow from the shapes of the model's inputs`);
const integers = (c: Call, i: number): number[] =>
  sizesAt(c, i).map((d) =>
    typeof d === "number" ? d : fail(`its input ${i + 1} depends on the size ${d}, and a number is needed here`),
  );
/** Axes and the like were attributes before they became inputs. */
const listed = (c: Call, name: string, i: number): number[] | undefined =>
  c.x[i] ? integers(c, i) : (c.attrs[name] as number[] | undefined);
const shapeAxis = (c: Call, fallback?: number): number =>
  axisOf((c.attrs.axis as number | undefined) ?? fallback ?? fail("it has no axis"), input(c, 0).shape.length);
const float = (c: Call, x: number): Operand => ofKnown(c.b, "float32", [], [x]);

function reshaped(c: Call, x: Operand, to: readonly Dim[]): Operand {
  if (to.length === x.shape.length && to.every((d, i) => d === x.shape[i] && d !== "*")) return x;
  return isKnown(x) ? ofKnown(c.b, x.dtype, fixed(to), x.known) : (emit(c, "Reshape", [x], { to })[0] as Operand);
}

/** Reshape's target: 0 copies a size, −1 is what is left. */
function target(c: Call, x: Shape, wanted: readonly Dim[]): Dim[] {
  const copied = wanted.map((d, i) =>
    d === 0 && !c.attrs.allowzero ? (x[i] ?? fail(`it copies axis ${i} of ${show(x)}, which has none`)) : d,
  );
  if (!copied.includes(-1)) return copied;
  const all = x.reduce(multiplyDims, 1);
  const others = copied.filter((d) => d !== -1).reduce(multiplyDims, 1);
  const rest = divideDims(all, others);
  return copied.map((d) =>
    d === -1
      ? (rest ?? fail(`${show(x)} cannot be reshaped to ${show(wanted)}: ${all} elements do not divide by ${others}`))
      : d,
  );
}

function sliced(
  c: Call,
  x: Operand,
  starts: readonly number[],
  ends: readonly Dim[],
  axes: readonly number[],
  steps: readonly number[],
): Operand {
  const symbolic = ends.findIndex(
    (end, i) => typeof end === "string" && end !== x.shape[axisOf(axes[i] as number, x.shape.length)],
  );
  if (symbolic >= 0) {
    // As many rows as a symbolic size says, such as positions of a text: picked by number.
    if (ends.length > 1 || starts[0] !== 0 || steps[0] !== 1)
      fail(`it ends at the size ${ends[symbolic]} and does more than take a beginning`);
    return emit(c, "Gather", [x, counted(c, ends[0] as string)], {
      axis: axisOf(axes[0] as number, x.shape.length),
    })[0] as Operand;
  }
  const kept = axes
    .map((axis, i) => {
      const at = axisOf(axis, x.shape.length);
      const size = x.shape[at] as Dim;
      const end = ends[i] as Dim;
      const whole = end === size || (typeof end === "number" && end >= (typeof size === "number" ? size : 2 ** 31 - 1));
      return {
        at,
        start: starts[i] as number,
        end: whole ? 2 ** 31 - 1 : (end as number),
        step: steps[i] as number,
        all: whole && starts[i] === 0 && steps[i] === 1,
      };
    })
    .filter((k) => !k.all);
  if (!kept.length) return x;
  if (!isKnown(x))
    return emit(c, "Slice", [x], {
      starts: kept.map((k) => k.start),
      ends: kept.map((k) => k.end),
      axes: kept.map((k) => k.at),
      ...(kept.some((k) => k.step !== 1) ? { steps: kept.map((k) => k.step) } : {}),
    })[0] as Operand;
  const shape = [...x.shape];
  const strides = stridesOf(x.shape);
  let offset = 0;
  for (const { at, start, end, step } of kept) {
    const size = shape[at] as number;
    const stride = strides[at] as number;
    const place = (n: number, low: number, high: number) => Math.min(high, Math.max(low, n < 0 ? n + size : n));
    const first = step > 0 ? place(start, 0, size) : place(start, 0, size - 1);
    const last = step > 0 ? place(end, 0, size) : end < -size ? -1 : place(end, -1, size - 1);
    offset += first * stride;
    shape[at] = Math.max(0, Math.ceil((last - first) / step));
    strides[at] = stride * step;
  }
  return ofKnown(c.b, x.dtype, shape, strided(x.known, shape, strides, offset));
}

function expanded(c: Call, x: Operand, to: readonly Dim[]): Operand {
  const shape = broadcast(x.shape, to);
  if (shape.length === x.shape.length && shape.every((d, i) => d === x.shape[i])) return x;
  const known =
    isKnown(x) && shape.every((d) => typeof d === "number") && sizeOf(shape) <= knownElements ? x : undefined;
  return known
    ? ofKnown(
        c.b,
        x.dtype,
        fixed(shape),
        strided(known.known, fixed(shape), broadcastStrides(known.shape, fixed(shape))),
      )
    : (emit(c, "Expand", [x], { to: shape })[0] as Operand);
}

/** start, start + step, … */
function range(c: Call): Operand {
  const [start = 0, limit = 0, step = 1] = [0, 1, 2].map((i) => sizesAt(c, i)[0]);
  const { dtype } = input(c, 0);
  if (typeof start !== "number" || typeof step !== "number") return fail("it starts or steps by a symbolic size");
  if (typeof limit === "number") {
    const count = Math.max(0, Math.ceil((limit - start) / step));
    if (!(count <= 2 ** 20)) fail(`it counts ${count} numbers, and ${2 ** 20} is the limit`);
    return ofKnown(
      c.b,
      dtype,
      [count],
      Array.from({ length: count }, (_, i) => start + i * step),
    );
  }
  return start === 0 && step === 1 ? counted(c, limit) : fail(`it counts from ${start} to ${limit} by ${step}`);
}
/** 0, 1, … below a symbolic size: the running count of that many ones. */
const counted = ({ b: { op, graph } }: Call, limit: Dim): Operand =>
  ofValue(op.CumSum(op.Expand(graph.constant([1], "int64", [1]), { to: [limit] }), { along: 0, exclusive: 1 }));

const alias: Translation = (c) => [input(c, 0)];
/** Ops of any number of inputs, where ours take two. */
const variadic =
  (op: "Add" | "Min" | "Max"): Translation =>
  (c) => [c.x.map((_, i) => input(c, i)).reduce((a, b) => emit(c, op, [a, b])[0] as Operand)];

/** Reductions: axes as attribute or input; none stands for all, or with `noop_with_empty_axes` for no reduction. */
const reduction = (c: Call): readonly Operand[] => {
  const axes = listed(c, "axes", 1);
  const { noop_with_empty_axes: noop, axes: _, ...rest } = c.attrs;
  if (!axes?.length && noop) return [input(c, 0)];
  return emit(c, c.node.op as OpName, [input(c, 0)], axes?.length ? { ...rest, axes } : rest);
};

/** Paddings of a window, from `auto_pad` where the file leaves them to the runtime. */
function padded(c: Call, kernel: readonly number[]): Attrs {
  const { auto_pad: mode = "NOTSET", storage_order: order, ...attrs } = c.attrs;
  if (order) fail("it counts positions column by column");
  if (mode === "NOTSET") return attrs;
  return {
    ...attrs,
    pads:
      mode === "VALID"
        ? kernel.flatMap(() => [0, 0])
        : samePads(fixed(input(c, 0).shape.slice(2)), kernel, attrs as Window, { lower: mode === "SAME_LOWER" }),
  };
}
const convolution: Translation = (c) => {
  const { kernel_shape: _, ...attrs } = padded(c, fixed(input(c, 1).shape.slice(2)));
  if (attrs.output_shape || (c.node.op === "ConvTranspose" && (c.attrs.auto_pad ?? "NOTSET") !== "NOTSET"))
    fail("its paddings follow from its output's shape; export it with paddings");
  return emit(
    c,
    c.node.op as OpName,
    c.x.map((_, i) => input(c, i)),
    attrs,
  );
};
const pool: Translation = (c) =>
  emit(c, c.node.op as OpName, [input(c, 0)], padded(c, c.attrs.kernel_shape as number[]));

/** Only the axes that change are named, so that the batch may stay symbolic. */
const resize: Translation = (c) => {
  const {
    axes = input(c, 0).shape.map((_, i) => i),
    keep_aspect_ratio_policy: policy = "stretch",
    extrapolation_value: _,
    ...attrs
  } = c.attrs as Attrs & { axes?: readonly number[] };
  const { shape } = input(c, 0);
  if (policy !== "stretch") fail("it keeps the aspect ratio; give it sizes that do");
  const sizes = c.x[3] ? sizesAt(c, 3) : undefined;
  const scales = c.x[2]?.tensor ? Array.from(c.x[2].tensor.data, Number) : c.x[2] && sizesAt(c, 2);
  const wanted = sizes ?? scales ?? fail("it has neither sizes nor scales");
  const kept = axes
    .map((axis, i) => ({ at: axisOf(axis, shape.length), to: wanted[i] as Dim }))
    .filter(({ at, to }) => (sizes ? to !== shape[at] : to !== 1));
  if (!kept.length) return [input(c, 0)];
  const to = kept.map((k) =>
    typeof k.to === "number" ? k.to : fail(`axis ${k.at} gets the size ${k.to}, and a number is needed here`),
  );
  return emit(c, "Resize", [input(c, 0)], {
    ...attrs,
    axes: kept.map((k) => k.at),
    ...(sizes ? { sizes: to } : { scales: to }),
  } as Attrs);
};

const translations = new Map<string, Translation>([
  ["Identity", alias],
  ["Dropout", alias], // as in inference; exporters leave dropout out
  [
    "Constant",
    (c) => {
      const {
        value,
        value_int: int,
        value_ints: ints,
        value_float: float,
        value_floats: floats,
      } = { ...c.attrs, ...c.node.tensors } as Record<string, unknown>;
      if (value) return [ofTensor(c.b, c.node.tensors.value as never)];
      const list = (ints ?? floats) as number[] | undefined;
      const one = (int ?? float) as number | undefined;
      if (!list && one === undefined) fail("it holds neither numbers nor a tensor");
      return [
        ofKnown(
          c.b,
          int !== undefined || ints ? "int64" : "float32",
          list ? [list.length] : [],
          list ?? [one as number],
        ),
      ];
    },
  ],
  [
    "Shape",
    (c) => {
      const { shape } = input(c, 0);
      const { start = 0, end = shape.length } = c.attrs as { start?: number; end?: number };
      const part = shape.slice(start, end);
      if (part.includes("*")) fail(`it reads a size of ${show(shape)} that is not known before the run`);
      return [ofKnown(c.b, "int64", [part.length], part)];
    },
  ],
  ["Size", (c) => [ofKnown(c.b, "int64", [], [input(c, 0).shape.reduce(multiplyDims, 1)])]],
  ["Range", (c) => [range(c)]],
  [
    "ConstantOfShape",
    (c) => {
      const { value } = c.node.tensors;
      const one = value ? ofTensor(c.b, { ...value, shape: [] }) : float(c, 0);
      return [expanded(c, one, sizesAt(c, 0))];
    },
  ],
  [
    "Cast",
    (c) => {
      const dtype = dtypeOf(c.attrs.to as number, "Its result");
      const x = input(c, 0);
      return dtype === x.dtype ? [x] : emit(c, "Cast", [x], { dtype });
    },
  ],
  [
    "CastLike",
    (c) =>
      input(c, 1).dtype === input(c, 0).dtype
        ? [input(c, 0)]
        : emit(c, "Cast", [input(c, 0)], { dtype: input(c, 1).dtype }),
  ],

  ["Reshape", (c) => [reshaped(c, input(c, 0), target(c, input(c, 0).shape, sizesAt(c, 1)))]],
  [
    "Flatten",
    (c) => {
      const { shape } = input(c, 0);
      const { axis = 1 } = c.attrs as { axis?: number };
      const at = axis < 0 ? axis + shape.length : axis;
      return [
        reshaped(c, input(c, 0), [shape.slice(0, at).reduce(multiplyDims, 1), shape.slice(at).reduce(multiplyDims, 1)]),
      ];
    },
  ],
  [
    "Squeeze",
    (c) => {
      const { shape } = input(c, 0);
      const axes =
        listed(c, "axes", 1)?.map((a) => axisOf(a, shape.length)) ?? shape.flatMap((d, i) => (d === 1 ? [i] : []));
      return [
        reshaped(
          c,
          input(c, 0),
          shape.filter((_, i) => !axes.includes(i)),
        ),
      ];
    },
  ],
  [
    "Unsqueeze",
    (c) => {
      const { shape } = input(c, 0);
      const axes = listed(c, "axes", 1) ?? fail("it has no axes");
      const rank = shape.length + axes.length;
      const added = new Set(axes.map((a) => axisOf(a, rank)));
      const old = [...shape];
      return [
        reshaped(
          c,
          input(c, 0),
          Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (old.shift() as Dim))),
        ),
      ];
    },
  ],
  ["Expand", (c) => [expanded(c, input(c, 0), sizesAt(c, 1))]],
  [
    "Transpose",
    (c) => {
      const x = input(c, 0);
      const perm = (c.attrs.perm as number[] | undefined) ?? x.shape.map((_, i) => x.shape.length - 1 - i);
      if (!isKnown(x)) return emit(c, "Transpose", [x], { perm });
      const shape = perm.map((p) => x.shape[p] as number);
      const strides = stridesOf(x.shape);
      return [
        ofKnown(
          c.b,
          x.dtype,
          shape,
          strided(
            x.known,
            shape,
            perm.map((p) => strides[p] as number),
          ),
        ),
      ];
    },
  ],
  [
    "Concat",
    (c) => {
      const all = c.x.map((_, i) => input(c, i));
      const list = all.filter(isKnown);
      if (
        list.length < all.length ||
        list.some((x) => x.shape.length !== 1) ||
        list.reduce((n, x) => n + x.known.length, 0) > knownElements
      )
        return emit(c, "Concat", all, { axis: shapeAxis(c) });
      const known = list.flatMap((x) => x.known);
      return [ofKnown(c.b, input(c, 0).dtype, [known.length], known)];
    },
  ],
  [
    "Gather",
    (c) => {
      const x = input(c, 0);
      const index = input(c, 1);
      const at = shapeAxis(c, 0);
      if (!isKnown(x) || !isKnown(index) || x.shape.length !== 1) return emit(c, "Gather", [x, index], { axis: at });
      const size = x.known.length;
      const picked = integers(c, 1).map(
        (i) => x.known[i < 0 ? i + size : i] ?? fail(`it picks element ${i} of ${size}`),
      );
      return [ofKnown(c.b, x.dtype, index.shape, picked)];
    },
  ],
  [
    "Slice",
    (c) => {
      const x = input(c, 0);
      const starts = integers(c, 1);
      const ends = sizesAt(c, 2);
      const axes = c.x[3] ? integers(c, 3) : starts.map((_, i) => i);
      const steps = c.x[4] ? integers(c, 4) : starts.map(() => 1);
      return [sliced(c, x, starts, ends, axes, steps)];
    },
  ],
  [
    "Split",
    (c) => {
      const x = input(c, 0);
      const at = shapeAxis(c, 0);
      const size = x.shape[at] as Dim;
      const parts = c.node.outputs.length;
      if (typeof size !== "number") return fail(`it splits an axis of the size ${size}`);
      const each = Math.ceil(size / parts);
      const counts = listed(c, "split", 1) ?? Array.from({ length: parts }, (_, i) => Math.min(each, size - i * each));
      let start = 0;
      return counts.map((count) => sliced(c, x, [start], [(start += count)], [at], [1]));
    },
  ],
  [
    "Pad",
    (c) => {
      const x = input(c, 0);
      const rank = x.shape.length;
      const given = listed(c, "pads", 1) ?? fail("it has no paddings");
      const axes = c.x[3] ? integers(c, 3).map((a) => axisOf(a, rank)) : x.shape.map((_, i) => i);
      const { mode = "constant" } = c.attrs;
      const pads: number[] = Array(2 * rank).fill(0);
      for (const [i, axis] of axes.entries()) {
        pads[axis] = given[i] ?? 0;
        pads[axis + rank] = given[i + axes.length] ?? 0;
      }
      return pads.every((p) => p === 0)
        ? [x]
        : emit(c, "Pad", c.x[2] && mode === "constant" ? [x, c.x[2]] : [x], { pads, mode });
    },
  ],
  ["Resize", resize],
  [
    "EyeLike",
    (c) => {
      const { dtype: to, ...attrs } = c.attrs;
      const [y] = emit(c, "EyeLike", [input(c, 0)], attrs) as [Operand];
      const dtype = to === undefined ? y.dtype : dtypeOf(to as number, "Its result");
      return dtype === y.dtype ? [y] : emit(c, "Cast", [y], { dtype });
    },
  ],
  ["OneHot", (c) => emit(c, "OneHot", [input(c, 0), input(c, 2)], { ...c.attrs, depth: integers(c, 1)[0] })],

  ["Sum", variadic("Add")],
  ["Min", variadic("Min")],
  ["Max", variadic("Max")],
  ["Mean", (c) => emit(c, "Mul", [...variadic("Add")(c), float(c, 1 / c.x.length)])],
  [
    "Clip",
    (c) => {
      const [x, low, high] = [input(c, 0), c.x[1], c.x[2]];
      if (low && high) return emit(c, "Clip", [x, low, high]);
      return low ? emit(c, "Max", [x, low]) : high ? emit(c, "Min", [x, high]) : [x];
    },
  ],
  ...[
    "ReduceSum",
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL1",
    "ReduceL2",
    "ReduceSumSquare",
    "ReduceLogSum",
    "ReduceLogSumExp",
  ].map((op): [string, Translation] => [op, reduction]),

  [
    "MatMul",
    (c) => {
      const [x, y] = [input(c, 0), input(c, 1)];
      const wide = (v: Operand, to: Dim[]) => (v.shape.length === 1 ? reshaped(c, v, to) : v);
      const [product] = emit(c, "MatMul", [wide(x, [1, ...x.shape]), wide(y, [...y.shape, 1])]) as [Operand];
      const { shape } = product;
      // A vector stands for a row on the left and for a column on the right, and its axis goes away again.
      return [
        reshaped(
          c,
          product,
          shape.filter(
            (_, i) =>
              !(x.shape.length === 1 && i === shape.length - 2) && !(y.shape.length === 1 && i === shape.length - 1),
          ),
        ),
      ];
    },
  ],
  ["Conv", convolution],
  ["ConvTranspose", convolution],
  ["AveragePool", pool],
  ["MaxPool", pool],
  [
    "BatchNormalization",
    (c) => {
      const [x, scale, bias] = [0, 1, 2].map((i) => input(c, i).value()) as [Value, Value, Value];
      const { epsilon = 1e-5, momentum = 0.9 } = c.attrs as { epsilon?: number; momentum?: number };
      // Running statistics are the file's to begin with; in training they follow the batches', as torch moves them. Computed ones stay as they are.
      const kept = (i: number): Value | undefined => {
        const { name, shape, data } = input(c, i).tensor ?? {};
        return name === undefined
          ? undefined
          : c.b.buffer(name, shape as number[], { kind: "values", data: data as Float32Array<ArrayBuffer> });
      };
      const mean = kept(3);
      const variance = kept(4);
      if (mean && variance)
        return [ofValue(normalizeBatch(c.b, x, { scale, bias, mean, variance }, { epsilon, momentum: 1 - momentum }))];
      return [
        ofValue(c.b.op.BatchNormalization(x, scale, bias, input(c, 3).value(), input(c, 4).value(), { epsilon })),
      ];
    },
  ],
  [
    "GroupNormalization",
    (c) => {
      const x = input(c, 0);
      const channels = fixed(x.shape.slice(1, 2))[0] as number;
      const groups = c.attrs.num_groups as number;
      // Before opset 21 there is one scale and one bias for each group, not for each channel.
      const spread = (v: Operand) =>
        c.opset >= 21
          ? v
          : reshaped(c, expanded(c, reshaped(c, v, [groups, 1]), [groups, channels / groups]), [channels]);
      const { stash_type: _, ...attrs } = c.attrs;
      return emit(c, "GroupNormalization", [x, spread(input(c, 1)), spread(input(c, 2))], attrs);
    },
  ],
]);
