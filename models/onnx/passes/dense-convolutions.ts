import type { Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { fixed, sizeOf } from "../shape";
import { type Convolution, windowOf } from "../window";

/** More elements of the table of taps than that are not worth it. */
const largestTable = 4096;

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
  if (group !== 1 || [x, weight, y].some((v) => v.shape.some((d) => typeof d !== "number"))) return undefined;
  const [rows = 0, inputs = 0, ...from] = fixed(x.shape);
  const [outputs = 0, , ...kernel] = fixed(weight.shape);
  const to = fixed(y.shape).slice(2);
  const taps = sizeOf(kernel);
  const pairs = sizeOf(from) * sizeOf(to);
  if (sizeOf(from) > taps || taps * pairs > largestTable || rows < pairs) return undefined;
  const op = opsOf(target);
  const table = target.constant(tapsOf(from, to, kernel, rest), x.dtype as "float32", [taps, pairs]);
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
 * For each tap of the kernel and each pair of places, of the input and of the output, whether the one is the other's.
 */
function tapsOf(
  from: readonly number[],
  to: readonly number[],
  kernel: readonly number[],
  rest: Convolution,
): number[] {
  const { strides, pads, dilations } = windowOf(rest, kernel.length);
  const placeOf = (index: number, sizes: readonly number[]) =>
    sizes.map((size, axis) => Math.floor(index / sizeOf(sizes.slice(axis + 1))) % size);
  return Array.from({ length: sizeOf(kernel) * sizeOf(from) * sizeOf(to) }, (_, i) => {
    const [tap, input, output] = [
      placeOf(Math.floor(i / (sizeOf(from) * sizeOf(to))), kernel),
      placeOf(Math.floor(i / sizeOf(to)) % sizeOf(from), from),
      placeOf(i % sizeOf(to), to),
    ] as [number[], number[], number[]];
    const isSeen = kernel.every((_size, axis) => {
      const start = (output[axis] as number) * (strides[axis] as number) - (pads[axis] as number);
      return start + (tap[axis] as number) * (dilations[axis] as number) === input[axis];
    });
    return isSeen ? 1 : 0;
  });
}
