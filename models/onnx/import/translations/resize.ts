import type { Attrs, Dim } from "../../graph";
import { axisOf } from "../../shape";
import type { Operand } from "../operand";
import { type Call, refuse, type Translation } from "./call";

export const Resize: Translation = (call) => {
  if (call.opset < 11) return [byOldRule(call, numbersAt(call, 1))];
  const { axes, keep_aspect_ratio_policy: policy = "stretch", extrapolation_value: _, ...attrs } = call.attrs;
  if (policy !== "stretch") refuse("it keeps the aspect ratio; give it sizes that do");
  const x = call.input(0);
  const kind = call.operands[3] ? "sizes" : "scales";
  const wanted = kind === "sizes" ? call.sizes(3) : numbersAt(call, 2);
  const free = kind === "sizes" && !axes ? call.freed("expand", x.shape, wanted) : wanted;
  return [resized(call, x, kind, free, attrs, axes as readonly number[] | undefined)];
};

/** What Resize was called before opset 10; its scales were an attribute before opset 9. */
export const Upsample: Translation = (call) => {
  const scales = call.attrs.scales as readonly number[] | undefined;
  return [byOldRule(call, scales ?? numbersAt(call, 1))];
};

/** Before opset 11 corners lay on corners, and the nearest pixel was the one before, or behind where sizes shrink. */
function byOldRule(call: Call, scales: readonly Dim[]): Operand {
  const { mode = "nearest" } = call.attrs;
  const attrs = { mode, coordinate_transformation_mode: "asymmetric" };
  const x = call.input(0);
  if (mode !== "nearest") return resized(call, x, "scales", scales, attrs);
  const part = (wanted: (scale: number) => boolean) => scales.map((scale) => (wanted(Number(scale)) ? scale : 1));
  const smaller = resized(
    call,
    x,
    "scales",
    part((scale) => scale < 1),
    { ...attrs, nearest_mode: "ceil" },
  );
  return resized(
    call,
    smaller,
    "scales",
    part((scale) => scale >= 1),
    { ...attrs, nearest_mode: "floor" },
  );
}

/** Only the axes that change are named, so that the batch may stay symbolic. */
function resized(
  call: Call,
  x: Operand,
  kind: "sizes" | "scales",
  wanted: readonly Dim[],
  attrs: Attrs,
  axes: readonly number[] = x.shape.map((_, axis) => axis),
): Operand {
  const changed = axes
    .map((axis, i) => ({ axis: axisOf(axis, x.shape.length), to: wanted[i] as Dim }))
    .filter(({ axis, to }) => to !== (kind === "sizes" ? x.shape[axis] : 1));
  if (!changed.length) return x;
  const numbers = changed.map(({ axis, to }) =>
    typeof to === "number" ? to : refuse(`axis ${axis} gets the size ${to}, and a number is needed here`),
  );
  return call.emit("Resize", [x], { ...attrs, axes: changed.map(({ axis }) => axis), [kind]: numbers });
}

/** Numbers of an input, of which there may be more than of those that could be sizes. */
function numbersAt(call: Call, index: number): readonly Dim[] {
  const given = call.operands[index] ?? refuse("it has neither sizes nor scales");
  return given.tensor ? Array.from(given.tensor.data, Number) : call.sizes(index);
}
