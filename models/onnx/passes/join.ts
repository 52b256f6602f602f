import type { Graph, Value } from "../graph";
import { opsOf } from "../ops/index";
import { rewrite } from "../rewrite";

/**
 * Parts put together at once: the gradient of a tensor that was cut into slices comes as a sum of parts, each padded
 * with zeros to the whole. Where they do not overlap and leave nothing out, the sum is their concatenation.
 */
export const join = (graph: Graph): Graph =>
  rewrite(graph, {
    visit({ op: name, outputs }, inputs, target) {
      if (name !== "Add") return undefined;
      const [a, b] = inputs.map((x) => partsOf(target, x));
      const axis = a?.[0]?.axis;
      if (!a || !b || axis === undefined || b.some((p) => p.axis !== axis)) return undefined;
      const parts = [...a, ...b].sort((p, q) => p.start - q.start);
      const sizes = parts.map((p) => p.value.shape[axis] as number);
      const isWhole =
        parts.every((p, i) => p.start === sizes.slice(0, i).reduce((n, s) => n + s, 0)) &&
        sizes.reduce((n, s) => n + s, 0) === outputs[0]?.shape[axis];
      return isWhole ? [opsOf(target).Concat(...parts.map((p) => p.value), { axis })] : undefined;
    },
  });

interface Part {
  value: Value;
  axis: number;
  start: number;
}

/** The parts that a value is the padded sum of. */
function partsOf(graph: Graph, value: Value): Part[] | undefined {
  const maker = graph.makerOf(value);
  if (maker?.op === "Add") {
    const [a, b] = maker.inputs.map((x) => partsOf(graph, x));
    return a && b && [...a, ...b];
  }
  if (maker?.op !== "Pad" || maker.inputs.length > 1 || (maker.attrs.mode ?? "constant") !== "constant")
    return undefined;
  const pads = maker.attrs.pads as readonly number[];
  const [source] = maker.inputs as [Value];
  const rank = source.shape.length;
  const padded = source.shape.flatMap((_, i) => (pads[i] || pads[i + rank] ? [i] : []));
  const [axis] = padded;
  return axis === undefined || padded.length > 1 || source.shape.some((d) => typeof d === "string")
    ? undefined
    : [{ value: source, axis, start: pads[axis] as number }];
}
