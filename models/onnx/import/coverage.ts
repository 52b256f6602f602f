import { isExpanded } from "../expansions";
import { gradientOf } from "../gradients/index";
import { type OpName, opDefinition, opTable } from "../ops/index";
import { importableOps } from "./translate";

/** What is known of an op, ours or ONNX's. */
export interface Coverage {
  op: string;
  /** Whether training passes it: by a rule, not at all, or by a rule that nobody has written yet. */
  gradient: "rule" | "none" | "unwritten";
  /** What stands for it in the ONNX files that are written; none where a file holds its result as a constant. */
  written: "several" | readonly string[];
}

/**
 * Every op that a graph may be made of or that the file of an imported model may hold, in the order of the alphabet.
 */
export function coverage(): Coverage[] {
  const all = new Set([...Object.keys(opTable), ...importableOps()]);
  return [...all].toSorted().map((op) => (Object.hasOwn(opTable, op) ? ofOurs(op) : ofTranslated(op)));
}

/**
 * What the ops that only files have become on import, as far as they read data: what is known of them follows from
 * these. On sizes and constants all of them are computed while the model is read.
 */
const importedAs: Readonly<Record<string, readonly OpName[]>> = {
  Acosh: ["Add", "Log", "Mul", "Sqrt", "Sub"],
  Asinh: ["Abs", "Add", "Log", "Mul", "Sign", "Sqrt"],
  Atanh: ["Add", "Div", "Log", "Mul", "Sub"],
  CastLike: ["Cast"],
  Compress: ["Gather", "Reshape"],
  Constant: [],
  ConstantOfShape: ["Expand"],
  Flatten: ["Reshape"],
  GlobalLpPool: ["Abs", "Mul", "ReduceSum", "Sqrt"],
  Hardmax: ["ArgMax", "OneHot"],
  LRN: ["Add", "AveragePool", "Div", "Mul", "Pow", "Reshape"],
  LpPool: ["Abs", "AveragePool", "Mul", "Sqrt"],
  Mean: ["Add", "Mul"],
  MeanVarianceNormalization: ["Add", "Div", "Mul", "ReduceMean", "Sqrt", "Sub"],
  NegativeLogLikelihoodLoss: ["GatherElements", "Neg", "ReduceMean", "Reshape"],
  Range: ["CumSum", "Expand"],
  Scatter: ["ScatterElements"],
  Shape: [],
  Shrink: ["Add", "Greater", "Less", "Sub", "Where"],
  Size: [],
  SoftmaxCrossEntropyLoss: ["GatherElements", "LogSoftmax", "Neg", "ReduceMean", "Reshape"],
  Split: ["Slice"],
  Squeeze: ["Reshape"],
  Sum: ["Add"],
  Unsqueeze: ["Reshape"],
  Upsample: ["Resize"],
};
/**
 * Those that read no numbers of their inputs, but sizes, and that choose: nothing flows through them, whatever they
 * become.
 */
const flowless: ReadonlySet<string> = new Set(["Constant", "ConstantOfShape", "Hardmax", "Range", "Shape", "Size"]);

function ofOurs(op: string): Coverage {
  return {
    op,
    gradient: gradientOf(op),
    written: isExpanded(op) ? "several" : [opDefinition(op).onnx ?? op],
  };
}

function ofTranslated(op: string): Coverage {
  const parts = importedAs[op];
  if (!parts) throw new Error(`${op} is imported, and models/onnx/import/coverage.ts does not say as what`);
  const passed = parts.map(gradientOf).includes("unwritten") ? "unwritten" : "rule";
  return { op, gradient: flowless.has(op) ? "none" : passed, written: parts };
}
