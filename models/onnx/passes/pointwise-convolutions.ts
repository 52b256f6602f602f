import type { Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";
import { fixed, sizeOf } from "../shape";
import { type Convolution, windowOf } from "../window";

/**
 * Convolutions of one place as one product over the whole batch, with channels in front of rows: the runtime multiplies
 * picture by picture, of which each may have few places. The transposes around it are pushed on by ./channels-first.
 * Where the number of rows is open, as in a model that is not trained, they stay: there the runtime lays weights out
 * once.
 */
export const pointwiseConvolutions = (graph: Graph): Graph =>
  rewrite(graph, {
    visit({ op: name, attrs, outputs: [y] }, [x, weight, bias], target) {
      if (name !== "Conv" || !x || !weight || !y || !isPointwise(x, weight, attrs)) return undefined;
      const op = opsOf(target);
      const [rows = 0, inputs = 0, ...sizes] = fixed(x.shape);
      const outputs = fixed(weight.shape)[0] as number;
      const swap = { perm: [1, 0, ...sizes.map((_, i) => i + 2)] };
      const places = op.Reshape(op.Transpose(x, swap), { to: [inputs, rows * sizeOf(sizes)] });
      const matrix = op.Reshape(weight, { to: [outputs, inputs] });
      const added = bias ? [op.Reshape(bias, { to: [outputs, 1] })] : [];
      return [op.Transpose(op.Reshape(op.Gemm(matrix, places, ...added), { to: [outputs, rows, ...sizes] }), swap)];
    },
  });

function isPointwise(x: Value, weight: Value, { group = 1, ...rest }: Convolution): boolean {
  if (group !== 1 || [...x.shape, ...weight.shape].some((d) => typeof d !== "number")) return false;
  const { strides, pads } = windowOf(rest, weight.shape.length - 2);
  return [...weight.shape.slice(2), ...strides].every((d) => d === 1) && pads.every((p) => p === 0);
}
