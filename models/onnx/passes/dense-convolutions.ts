import type { Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { fixed, sizeOf } from "../shape";
import { type Convolution, placesSeen, windowOf } from "../window";

/** More elements of the table of taps than that are not worth it. */
const largestTable = 4096;
/** Nor are more pairs of places where each channel has a kernel of its own. */
const mostPairs = 2 ** 16;

/**
 * Convolutions whose kernel has as many taps as the picture has places, as one product over the whole batch: every
 * place of the output sees every place of the input, so that a matrix of all pairs has no more elements than the
 * windows that the runtime would lay out picture by picture. At the end of a residual network, where pictures are 2 × 2
 * and smaller, that is three times as fast, and it is differentiated as the product that it is.
 */
export const denseConvolutions = (graph: Graph): Graph =>
  rewrite(graph, {
    visit({ op, attrs, outputs: [y] }, [x, weight, bias], target) {
      if (op !== "Conv" || !x || !weight || !y) return undefined;
      const product = productOf(target, { x, weight, y }, attrs as Convolution);
      if (!product || !bias) return product && [product];
      const perChannel = opsOf(target).Reshape(bias, {
        to: [...bias.shape, ...y.shape.slice(2).map(() => 1)] as number[],
      });
      return [opsOf(target).Add(product, perChannel)];
    },
  });

interface Operands {
  x: Value;
  weight: Value;
  y: Value;
}

function productOf(target: Graph, { x, weight, y }: Operands, { group = 1, ...rest }: Convolution): Value | undefined {
  if ([x, weight, y].some((v) => v.shape.some((d) => typeof d !== "number"))) return undefined;
  const [rows = 0, inputs = 0, ...from] = fixed(x.shape);
  const [outputs = 0, , ...kernel] = fixed(weight.shape);
  const to = fixed(y.shape).slice(2);
  const taps = sizeOf(kernel);
  const pairs = sizeOf(from) * sizeOf(to);
  if (group > 1)
    return group === inputs && group === outputs ? productOfEach(target, { x, weight, y }, rest) : undefined;
  if (sizeOf(from) > taps || taps * pairs > largestTable || rows < pairs) return undefined;
  const op = opsOf(target);
  const table = tableOf(target, x, [from, to, kernel], rest);
  const seen = op.MatMul(op.Reshape(weight, { to: [outputs * inputs, taps] }), table);
  const matrix = op.Transpose(op.Reshape(seen, { to: [outputs, inputs, sizeOf(from), sizeOf(to)] }), {
    perm: [1, 2, 0, 3],
  });
  const product = op.MatMul(
    op.Reshape(x, { to: [rows, inputs * sizeOf(from)] }),
    op.Reshape(matrix, { to: [inputs * sizeOf(from), outputs * sizeOf(to)] }),
  );
  return op.Reshape(product, { to: fixed(y.shape) });
}

/**
 * One product for each channel, where each has a kernel of its own: the runtime multiplies the taps of one picture and
 * one channel at a time, a matrix of one row. All pairs of places are more, but as a product they are quick.
 */
function productOfEach(target: Graph, { x, weight, y }: Operands, window: Convolution): Value | undefined {
  const [rows = 0, channels = 0, ...from] = fixed(x.shape);
  const [, , ...to] = fixed(y.shape);
  const kernel = fixed(weight.shape).slice(2);
  const pairs = sizeOf(from) * sizeOf(to);
  if (pairs > mostPairs || pairs > rows * (sizeOf(from) + sizeOf(to))) return undefined;
  const op = opsOf(target);
  const table = tableOf(target, x, [from, to, kernel], window);
  const matrices = op.MatMul(op.Reshape(weight, { to: [channels, sizeOf(kernel)] }), table);
  const swap = { perm: [1, 0, ...from.map((_, i) => i + 2)] };
  const product = op.MatMul(
    op.Reshape(op.Transpose(x, swap), { to: [channels, rows, sizeOf(from)] }),
    op.Reshape(matrices, { to: [channels, sizeOf(from), sizeOf(to)] }),
  );
  return op.Transpose(op.Reshape(product, { to: [channels, rows, ...to] }), swap);
}

/**
 * 1 for each tap of the kernel and each pair of places, of the input and of the output, where the one is the other's:
 * [taps, pairs].
 */
function tableOf(
  target: Graph,
  { dtype }: Value,
  [from, to, kernel]: readonly [from: readonly number[], to: readonly number[], kernel: readonly number[]],
  rest: Convolution,
): Value {
  const [taps, inputs, outputs] = [kernel, from, to].map(sizeOf) as [number, number, number];
  const table = new Float32Array(taps * inputs * outputs);
  for (const [tap, places] of placesSeen(kernel, from, to, windowOf(rest, kernel.length)).entries()) {
    for (const [output, input] of places.entries()) {
      if (input < inputs) table[(tap * inputs + input) * outputs + output] = 1;
    }
  }
  const shape = [taps, inputs * outputs];
  return dtype === "float32"
    ? target.keep(dtype, shape, table)
    : target.constant([...table], dtype as "float64", shape);
}
