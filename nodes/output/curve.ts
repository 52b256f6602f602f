import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const curve = defineNode({
  type: "output.curve",
  title: "Loss curve",
  description: "Draws the lines of a training: loss, learning rate, gradient norm.",
  synonyms: ["plot", "chart", "TensorBoard", "W&B"],
  version: 1,
  inputs: { curve: port.series() },
  outputs: { curve: port.series() },
  params: {
    lines: z
      .string()
      .max(1000)
      .default("loss")
      .meta({ description: "Names of the lines, separated by commas; empty draws all." }),
    smooth: z
      .number()
      .min(0)
      .max(0.999)
      .default(0)
      .meta({ widget: "slider", description: "Share of the past in an exponential moving average." }),
  },
  async run({ inputs: { curve }, params }) {
    const names = params.lines
      .split(",")
      .map((n) => n.trim())
      .filter(Boolean);
    const lines = curve.lines.filter((l) => !names.length || names.includes(l.name));
    if (!lines.length)
      throw Object.assign(new Error(`There is no line named ${names.join(" or ")}.`), {
        hint: `The lines are ${curve.lines.map((l) => l.name).join(", ")}.`,
      });
    return { curve: { x: curve.x, lines: lines.map((l) => ({ ...l, values: smoothed(l.values, params.smooth) })) } };
  },
});

/** Exponential moving average, corrected for its start. */
function smoothed(values: (number | null)[], past: number): (number | null)[] {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = past * sum + (1 - past) * value;
    weight = past * weight + (1 - past);
    return sum / weight;
  });
}
