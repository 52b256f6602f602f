/** Losses as transformers computes them beside a model's outputs. All give a float32 scalar. */
import { multiplyDims } from "../onnx/dim";
import type { Dim, Value } from "../onnx/graph";
import type { Builder } from "./builder";

/** The label that takes no part, as torch's default ignore_index. */
export const ignoredLabel = -100;

/**
 * The mean of −log softmax(logits)[label] over the rows whose label is not −100; 0 where none is left. With smoothing ε
 * a row's term is (1 − ε)·nll + ε·mean over classes of −log p. logits: float32 [N, C]; labels: int64 [N].
 */
export function crossEntropyLoss(builder: Builder, logits: Value, labels: Value, smoothing = 0): Value {
  const { op, constant } = builder;
  const { score, weight } = scoredLabels(builder, logits, labels, smoothing);
  const count = op.Max(op.ReduceSum(weight, { keepdims: 0 }), constant([1]));
  return op.Neg(op.Div(op.ReduceSum(op.Mul(score, weight), { keepdims: 0 }), count));
}

/**
 * The log-probability of each row's label, smoothed, and 1 where the label takes part, 0 where not. Both [N]. It is the
 * label's logit less the logarithm of the sum of exponentials: of all that is as large as the logits a training step
 * keeps the exponentials alone, over which it then writes the gradient.
 */
function scoredLabels(
  { op, graph, constant }: Builder,
  logits: Value,
  labels: Value,
  smoothing: number,
): { score: Value; weight: Value } {
  const [rows] = labels.shape as [Dim];
  const most = op.StopGradient(op.ReduceMax(logits, { axes: [1] }));
  const sum = op.ReduceSum(op.Exp(op.Sub(logits, most)), { axes: [1], keepdims: 0 });
  const logSum = op.Add(op.Log(sum), op.Reshape(most, { to: [rows] }));
  const isIgnored = op.Equal(op.Cast(labels, { dtype: "float32" }), constant([ignoredLabel]));
  // An ignored label is no index: it is read as class 0, and its row weighs nothing.
  const index = op.Where(isIgnored, graph.constant([0], "int64"), labels);
  const weight = op.Cast(op.Not(isIgnored), { dtype: "float32" });
  const picked = op.GatherElements(logits, op.Reshape(index, { to: [rows, 1] }), { axis: 1 });
  const right = op.Sub(op.Reshape(picked, { to: [rows] }), logSum);
  const score =
    smoothing === 0
      ? right
      : op.Add(
          op.Mul(right, constant([1 - smoothing])),
          op.Mul(op.Sub(op.ReduceMean(logits, { axes: [1], keepdims: 0 }), logSum), constant([smoothing])),
        );
  return { score, weight };
}

/**
 * The cross-entropy of rows against the row of the same number, along an axis of a square of scores (Radford et al.
 * 2021). logits: float32 [B, B].
 */
export function matchingLoss({ op, constant }: Builder, logits: Value, axis: number, smoothing = 0): Value {
  const logp = op.LogSoftmax(logits, { axis });
  const hits = op.ReduceSum(op.Mul(logp, op.EyeLike(logits)), { axes: [axis], keepdims: 0 });
  const nll = op.Neg(op.ReduceMean(hits, { keepdims: 0 }));
  if (smoothing === 0) return nll;
  const spread = op.Neg(op.ReduceMean(logp, { keepdims: 0 }));
  return op.Add(op.Mul(nll, constant([1 - smoothing])), op.Mul(spread, constant([smoothing])));
}

/** ½ of the matching of rows and ½ of that of columns. logits: float32 [B, B]. */
export function contrastiveLoss(builder: Builder, logits: Value, smoothing = 0): Value {
  const sum = builder.op.Add(matchingLoss(builder, logits, 1, smoothing), matchingLoss(builder, logits, 0, smoothing));
  return builder.op.Mul(sum, builder.constant([0.5]));
}

/** −Σ y·log softmax(logits) over the last axis, for each row. Both float32 [..., C] → [...]. */
export function softTargetLoss({ op }: Builder, logits: Value, targets: Value): Value {
  const logp = op.LogSoftmax(logits, { axis: -1 });
  return op.Neg(op.ReduceSum(op.Mul(targets, logp), { axes: [-1], keepdims: 0 }));
}

/** The mean of −[y·log σ(x) + (1 − y)·log σ(−x)]. logits, targets: float32 of one shape. */
export function binaryCrossEntropyLoss({ op }: Builder, logits: Value, targets: Value): Value {
  return op.ReduceMean(op.Sub(op.Softplus(logits), op.Mul(logits, targets)), { keepdims: 0 });
}

/** The mean of squared differences. Both float32 of one shape. */
export function squaredLoss({ op }: Builder, got: Value, wanted: Value): Value {
  const difference = op.Sub(got, wanted);
  return op.ReduceMean(op.Mul(difference, difference), { keepdims: 0 });
}

/**
 * The cross-entropy of each place against the label of the next one. logits: float32 [B, T, V]; labels: int64 [B, T],
 * −100 where no word is asked for.
 */
export function nextTokenLoss(builder: Builder, logits: Value, labels: Value, smoothing = 0): Value {
  const { flat, shifted } = nextTokens(builder, logits, labels);
  return crossEntropyLoss(builder, flat, shifted, smoothing);
}

/** The same, where each row weighs the same, however many of its labels take part; rows without any weigh nothing. */
export function nextTokenLossByRow(builder: Builder, logits: Value, labels: Value, smoothing = 0): Value {
  const { op, constant } = builder;
  const { flat, shifted } = nextTokens(builder, logits, labels);
  const { score, weight } = scoredLabels(builder, flat, shifted, smoothing);
  const to = labels.shape;
  const inRows = (value: Value) => op.ReduceSum(op.Reshape(value, { to }), { axes: [1], keepdims: 0 });
  const counts = inRows(weight);
  const means = op.Div(inRows(op.Mul(score, weight)), op.Max(counts, constant([1])));
  const rows = op.Max(op.ReduceSum(op.Min(counts, constant([1])), { keepdims: 0 }), constant([1]));
  return op.Neg(op.Div(op.ReduceSum(means, { keepdims: 0 }), rows));
}

/**
 * The sum of log p over the labels of each row that take part, and how many do. logits: float32 [B, T, V]; labels:
 * int64 [B, T]; both results float32 [B].
 */
export function sequenceLikelihood(
  builder: Builder,
  logits: Value,
  labels: Value,
): { likelihood: Value; tokens: Value } {
  const { op } = builder;
  const { flat, shifted } = nextTokens(builder, logits, labels);
  const { score, weight } = scoredLabels(builder, flat, shifted, 0);
  const inRows = (value: Value) => op.ReduceSum(op.Reshape(value, { to: labels.shape }), { axes: [1], keepdims: 0 });
  return { likelihood: inRows(op.Mul(score, weight)), tokens: inRows(weight) };
}

/** Scores as [B·T, V], and labels moved one place to the left, [B·T]: the last place asks for nothing. */
function nextTokens({ op, graph }: Builder, logits: Value, labels: Value): { flat: Value; shifted: Value } {
  const [batch, length, classes] = logits.shape as [Dim, Dim, number];
  const behind = op.Slice(labels, { starts: [1], ends: [Number.MAX_SAFE_INTEGER], axes: [1] });
  const nothing = op.Expand(graph.constant([ignoredLabel], "int64"), { to: [batch, 1] });
  const moved = op.Reshape(op.Concat(behind, nothing, { axis: 1 }), { to: [batch, length] });
  const rows = multiplyDims(batch, length);
  return { flat: op.Reshape(logits, { to: [rows, classes] }), shifted: op.Reshape(moved, { to: [rows] }) };
}

/** The cross-entropy of each place against its own label. logits: float32 [B, T, V]; labels: int64 [B, T]. */
export function tokenLoss(builder: Builder, logits: Value, labels: Value): Value {
  const { op } = builder;
  const [batch, length, classes] = logits.shape as [Dim, Dim, number];
  const rows = multiplyDims(batch, length);
  return crossEntropyLoss(builder, op.Reshape(logits, { to: [rows, classes] }), op.Reshape(labels, { to: [rows] }));
}
