import * as z from "zod";
import { placesOf } from "#models/blocks/attention";
import type { Builder } from "#models/blocks/builder";
import { transportPlan } from "#models/blocks/optimal-transport";
import type { Dim, Value } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const wordPatchAlignment = defineNode({
  type: "loss.word-patch-alignment",
  title: "Word-patch alignment loss",
  description: "How far words lie from the patches that are closest to them: little for a pair, much for others.",
  synonyms: ["WPA", "optimal transport", "IPOT"],
  docs: `The cost of a word and a patch is 1 − their cosine (lengths no less than 1e-5). Of all plans that spread the
words over the patches the cheapest is found by IPOT (Xie et al. 2020; 50 proximal steps, β 0.5, one scaling each), and
takes no gradient; \`distance\` is what it costs, Σ cost·plan. \`loss\` = (Σ distances of matched pairs − Σ of the
others) / B: wire it through *Weighted sum*, with the weight 0.1 in ViLT (Kim et al. 2021, §3.2;
\`compute_itm_wpa\` in vilt/modules/objectives.py).

The first and the last real token of a text ([CLS] and [SEP]), padding, and the picture's class token take no part.

- \`text\` float32 [B, T, D], \`textMask\` int64 [B, T]; \`image\` float32 [B, P, D], \`imageMask\` int64 [B, P], the
  class token first
- \`labels\` int64 [B]: 1 where text and picture belong together
- \`cost\` float32 [B, T, P], \`plan\` float32 [B, P, T], \`distance\` float32 [B], \`loss\` float32 []`,
  version: 1,
  inputs: {
    text: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }),
    textMask: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: "1 where a token counts." }),
    image: port.tensor({ dtype: "float32", shape: ["B", "P", "D"], doc: "The class token first." }),
    imageMask: port.tensor({ dtype: "int64", shape: ["B", "P"], doc: "1 where a patch counts." }),
    labels: port.tensor({ dtype: "int64", shape: ["B"], doc: "1 where they belong together." }),
  },
  outputs: {
    loss: port.tensor({ dtype: "float32", shape: [] }),
    distance: port.tensor({ dtype: "float32", shape: ["B"] }),
    cost: port.tensor({ dtype: "float32", shape: ["B", "T", "P"] }),
    plan: port.tensor({ dtype: "float32", shape: ["B", "P", "T"] }),
  },
  params: {
    beta: z.number().min(0.01).max(100).default(0.5).meta({ label: "β" }),
    steps: z.int().min(1).max(500).default(50).meta({ description: "Proximal steps." }),
    scalings: z.int().min(1).max(50).default(1).meta({ description: "Of rows and columns in each.", advanced: true }),
  },
  build(builder) {
    const { op, constant, inputs, params } = builder;
    const { text, textMask, image, imageMask, labels } = inputs;
    const words = wordsOf(builder, textMask);
    const patches = op.Mul(op.Cast(imageMask, { dtype: "float32" }), isNotFirst(builder, imageMask));
    const cost = costOf(builder, [text, words], [image, patches]);
    const spec = { beta: params.beta, outer: params.steps, inner: params.scalings };
    const plan = transportPlan(builder, cost, [words, patches], spec);
    const spent = op.Mul(cost, op.Transpose(plan, { perm: [0, 2, 1] }));
    const distance = op.ReduceSum(spent, { axes: [1, 2], keepdims: 0 });
    const sign = op.Sub(op.Mul(op.Cast(labels, { dtype: "float32" }), constant([2])), constant([1]));
    return { loss: op.ReduceMean(op.Mul(distance, sign), { keepdims: 0 }), distance, cost, plan };
  },
});

/** 1 for the words between the first and the last real token, else 0. mask: int64 [B, T] → float32 [B, T]. */
function wordsOf(builder: Builder, mask: Value): Value {
  const { op, graph } = builder;
  const [, length] = mask.shape as [Dim, Dim];
  const last = op.Sub(op.ReduceSum(mask, { axes: [1] }), graph.constant([1], "int64"));
  const places = op.Reshape(placesOf(builder, length), { to: [1, length] });
  const isBeforeLast = op.Cast(op.Less(places, last), { dtype: "float32" });
  const isReal = op.Cast(mask, { dtype: "float32" });
  return op.Mul(op.Mul(isReal, isBeforeLast), isNotFirst(builder, mask));
}

/** Ones along the second axis behind a 0: float32 [1, T]. */
function isNotFirst(builder: Builder, { shape }: Value): Value {
  const { op, graph } = builder;
  const length = shape[1] as Dim;
  const places = op.Reshape(placesOf(builder, length), { to: [1, length] });
  return op.Cast(op.Greater(places, graph.constant([0], "int64")), { dtype: "float32" });
}

/** 1 − cosine of each word with each patch, and 0 where one of them takes no part. */
function costOf(
  { op, constant }: Builder,
  [text, words]: readonly [Value, Value],
  [image, patches]: readonly [Value, Value],
): Value {
  const [batch, length] = words.shape as [Dim, Dim];
  const count = patches.shape[1] as Dim;
  const unit = (x: Value) => op.Div(x, op.Max(op.ReduceL2(x, { axes: [-1] }), constant([leastLength])));
  const cosine = op.MatMul(unit(text), op.Transpose(unit(image), { perm: [0, 2, 1] }));
  const both = op.MatMul(op.Reshape(words, { to: [batch, length, 1] }), op.Reshape(patches, { to: [batch, 1, count] }));
  return op.Mul(op.Sub(constant([1]), cosine), both);
}

/** A vector that is shorter counts as that long. */
const leastLength = 1e-5;
