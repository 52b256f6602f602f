import type { Attrs, Dim } from "../../graph";
import { axisOf } from "../../shape";
import { type Call, refuse, type Translation } from "./call";

/** Only the axes that change are named, so that the batch may stay symbolic. */
export const Resize: Translation = (call) => {
  const x = call.input(0);
  const { axes, keep_aspect_ratio_policy: policy = "stretch", extrapolation_value: _, ...attrs } = call.attrs;
  if (policy !== "stretch") refuse("it keeps the aspect ratio; give it sizes that do");
  const bySizes = call.operands[3] !== undefined;
  const wanted = bySizes ? call.sizes(3) : scalesOf(call);
  const named = (axes as readonly number[] | undefined) ?? x.shape.map((_, axis) => axis);
  const changed = named
    .map((axis, i) => ({ axis: axisOf(axis, x.shape.length), to: wanted[i] as Dim }))
    .filter(({ axis, to }) => to !== (bySizes ? x.shape[axis] : 1));
  if (!changed.length) return [x];
  const numbers = changed.map(({ axis, to }) =>
    typeof to === "number" ? to : refuse(`axis ${axis} gets the size ${to}, and a number is needed here`),
  );
  return call.emitAll("Resize", [x], {
    ...attrs,
    axes: changed.map(({ axis }) => axis),
    [bySizes ? "sizes" : "scales"]: numbers,
  } as Attrs);
};

function scalesOf(call: Call): readonly Dim[] {
  const given = call.operands[2] ?? refuse("it has neither sizes nor scales");
  return given.tensor ? Array.from(given.tensor.data, Number) : call.sizes(2);
}
