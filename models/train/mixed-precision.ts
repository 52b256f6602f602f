import type { Graph, OpNode, Value } from "../onnx/graph";
import { append, type OpName, opsOf } from "../onnx/ops/index";
import { rewrite } from "../onnx/rewrite";

/** Where the time goes: computed in float16. */
const products: ReadonlySet<string> = new Set(["MatMul", "Gemm", "Conv", "ConvTranspose", "Einsum"]);
/** Computed in whatever type comes in: they add no error to speak of, or only move numbers. */
const followers: ReadonlySet<string> = new Set([
  "Add",
  "Sub",
  "Mul",
  "Neg",
  "Abs",
  "Min",
  "Max",
  "Relu",
  "LeakyRelu",
  "Gelu",
  "Swish",
  "Sigmoid",
  "Tanh",
  "HardSwish",
  "Clip",
  "Identity",
  "StopGradient",
  "Where",
  "Reshape",
  "Expand",
  "Transpose",
  "Concat",
  "Slice",
  "Pad",
  "Tile",
  "Gather",
  "GatherElements",
  "MaxPool",
  "Dropout",
]);

/**
 * A forward graph in mixed precision: products in float16, sums over many numbers (softmax, norms, reductions, losses)
 * in float32, as torch.autocast does. Parameters stay float32 and are rounded where a product reads them; outputs and
 * what buffers become are float32.
 */
export function mixedPrecision(graph: Graph): Graph {
  const narrow = new Set<string>([
    ...graph.parameters.map((p) => p.value.name),
    ...graph.constants.map((c) => c.value.name),
  ]);
  const casts = new Map<string, Value>();
  const castTo = (target: Graph, value: Value, dtype: "float16" | "float32"): Value => {
    if (value.dtype === dtype || !value.dtype.startsWith("float")) return value;
    const known = casts.get(`${dtype} ${value.name}`) ?? opsOf(target).Cast(value, { dtype });
    casts.set(`${dtype} ${value.name}`, known);
    return known;
  };
  const typeOf = ({ op, inputs: before }: OpNode, inputs: readonly Value[]): "float16" | "float32" => {
    if (products.has(op)) return "float16";
    if (!followers.has(op)) return "float32";
    // A parameter or constant takes the type of what it meets; two streams of unequal type meet in float32.
    const streams = inputs.filter((x, i) => x.dtype.startsWith("float") && !narrow.has((before[i] as Value).name));
    return streams.length > 0 && streams.every((x) => x.dtype === "float16") ? "float16" : "float32";
  };
  const mixed = rewrite(graph, {
    visit(node, inputs, target) {
      if (node.op === "Cast" || !inputs.some((x) => x.dtype === "float16" || x.dtype === "float32")) return undefined;
      const dtype = typeOf(node, inputs);
      return append(
        target,
        node.op as OpName,
        inputs.map((x) => castTo(target, x, dtype)),
        node.attrs,
      );
    },
  });
  for (const [name, value] of mixed.outputs) mixed.output(name, castTo(mixed, value, "float32"));
  for (const [name, value] of mixed.updates) mixed.updates.set(name, castTo(mixed, value, "float32"));
  return mixed;
}
