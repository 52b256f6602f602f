import type { Constant, DType, Graph, OpNode, Shape } from "../graph";
import { rewrite } from "../rewrite";
import { sizeOf } from "../shape";

/** Results with more elements stay ops: a model should not carry what it computes at no cost. */
const limit = 1024;

/** Constant folding: ops whose inputs are all constants become constants, as far as they are small. */
export const fold = (graph: Graph): Graph =>
  rewrite(graph, {
    visit(node, inputs, target) {
      const constants = inputs.flatMap((x) => target.constantOf(x) ?? []);
      const [y] = node.outputs;
      if (
        !y ||
        !isComputed(y.dtype) ||
        constants.length !== inputs.length ||
        !constants.length ||
        !constants.every((c) => isComputed(c.value.dtype)) ||
        sizeOf(y.shape) > limit
      )
        return undefined;
      const numbers = evaluate(node, constants);
      return numbers && [target.constant(numbers, y.dtype, y.shape)];
    },
  });

type Computed = "float32" | "float64" | "int64";
const isComputed = (dtype: DType): dtype is Computed => dtype === "float32" || dtype === "float64" || dtype === "int64";

/**
 * Computed in float64 and rounded once, which for these ops is what float32 arithmetic gives. On integers only what
 * stays one.
 */
const unary: Record<string, (x: number) => number> = { Neg: (x) => -x, Abs: Math.abs, Sign: Math.sign };
const unaryFloat: Record<string, (x: number) => number> = {
  ...unary,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Floor: Math.floor,
  Exp: Math.exp,
  Log: Math.log,
};
const binary: Record<string, (x: number, y: number) => number> = {
  Add: (x, y) => x + y,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Min: Math.min,
  Max: Math.max,
};
const binaryFloat: Record<string, (x: number, y: number) => number> = {
  ...binary,
  Div: (x, y) => x / y,
  Pow: (x, y) => x ** y,
};

/** The elements of an op's result, or undefined for an op that is not evaluated here. */
function evaluate({ op, outputs, attrs }: OpNode, constants: readonly Constant[]): number[] | undefined {
  const shape = outputs[0]?.shape as number[];
  const isInteger = constants[0]?.value.dtype === "int64";
  const operands = constants.map(({ value, data }) => ({
    numbers: Array.from(data, Number),
    shape: value.shape as number[],
  }));
  const [first = { numbers: [], shape: [] }] = operands;
  const one = (isInteger ? unary : unaryFloat)[op];
  const two = (isInteger ? binary : binaryFloat)[op];
  if (op === "Reshape" || op === "Identity" || op === "StopGradient") return first.numbers;
  if (op === "Cast") return outputs[0]?.dtype === "int64" ? first.numbers.map(Math.trunc) : first.numbers;
  if (op === "Transpose")
    return view(
      first.numbers,
      shape,
      (attrs.perm as readonly number[]).map((axis) => strideOf(first.shape, axis)),
    );
  const spread = operands.map((x) => view(x.numbers, shape, stridesTo(x.shape, shape)));
  if (op === "Expand") return spread[0];
  if (one) return spread[0]?.map((x) => one(x));
  if (two) return spread.reduce((a, b) => a.map((x, i) => two(x, b[i] as number)));
  return undefined;
}

const strideOf = (shape: readonly number[], axis: number): number => sizeOf(shape.slice(axis + 1));
/** The steps through a tensor that is broadcast to a larger shape: none along the axes that are repeated. */
const stridesTo = (from: readonly number[], to: Shape): number[] =>
  to.map((_, i) => {
    const axis = i - (to.length - from.length);
    return axis < 0 || from[axis] === 1 ? 0 : strideOf(from, axis);
  });
/** The elements that are met by walking a shape with these steps. */
function view(numbers: readonly number[], shape: readonly number[], strides: readonly number[]): number[] {
  const places = shape.reduce<number[]>(
    (list, size, axis) =>
      list.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * (strides[axis] as number))),
    [0],
  );
  return places.map((place) => numbers[place] as number);
}
