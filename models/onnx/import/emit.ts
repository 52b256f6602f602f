import type { Builder } from "../../blocks/builder";
import type { Value } from "../graph";
import { show } from "../shape";
import type { BakedBatch, FreeModel } from "./baked";
import { OnnxError } from "./error";
import { fold } from "./fold";
import { initOf, isKnown, type Operand, ofTensor, ofValue } from "./operand";
import { type FileNode, type Initializer, type OnnxModel, whereIs } from "./read";
import type { InputPort } from "./signature";
import { translationOf } from "./translate";
import { Call, type Context } from "./translations/call";

/**
 * Emits a model into our graph, for inputs of the given shapes: numbers, as a training step has them, or symbols.
 * Weights become parameters under their names in the file, starting from the file's numbers; what is computed on shapes
 * is computed here. Inputs and outputs go by their names in the file. `onNode` is called before each node.
 */
export function emitModel(
  model: FreeModel,
  builder: Builder,
  inputs: Readonly<Record<string, Value>>,
  onNode: (node: FileNode) => void = () => {},
): Record<string, Value> {
  const operands = new Map<string, Operand>();
  for (const port of model.inputs) {
    const value = inputs[port.name];
    if (value) operands.set(port.name, ofValue(fitting(opened(port, model.baked), value)));
  }
  for (const [name, tensor] of model.initializers) operands.set(name, ofInitializer(builder, tensor));
  const context = { builder, opset: model.opset, batch: batchOf(model, inputs) };
  for (const node of model.nodes) {
    onNode(node);
    for (const [i, operand] of imported(model, context, node, operands).entries()) {
      const name = node.outputs[i];
      if (name) operands.set(name, operand);
    }
  }
  return Object.fromEntries(model.outputs.map(({ name }) => [name, operandOf(model, operands, name).value()]));
}

/** What a name of the file stands for. An input that nothing reads may be left open. */
function operandOf(model: OnnxModel, operands: ReadonlyMap<string, Operand>, name: string): Operand {
  const found = operands.get(name);
  if (found) return found;
  if (model.inputs.some((port) => port.name === name))
    throw new OnnxError(`The model's input “${name}” is missing.`, "Connect it.");
  const maker = model.nodes.find((node) => node.outputs.includes(name));
  throw new OnnxError(
    `“${name}” of the model is an output of ${maker ? whereIs(maker) : "nothing"} that cannot be imported.`,
    "Export the model without it.",
  );
}

/** The batch that comes in place of the one that the model was exported for. */
function batchOf({ inputs, baked }: FreeModel, values: Readonly<Record<string, Value>>): Context["batch"] {
  const [rows] = inputs.flatMap(({ name, shape }) =>
    shape?.[0] === baked?.size ? (values[name]?.shape.slice(0, 1) ?? []) : [],
  );
  return baked && rows !== undefined ? { baked, rows } : undefined;
}

/** An input as it is declared, but for a batch that gives way. */
const opened = (port: InputPort, baked: BakedBatch | undefined): InputPort =>
  baked && port.shape?.[0] === baked.size ? { ...port, shape: port.shape.with(0, "*") } : port;

/** What came for an input, where it is what the file declares. Sizes that either side names by a word fit all. */
function fitting({ name, dtype, shape }: InputPort, value: Value): Value {
  const fitsAt = (i: number) => {
    const [declared, came] = [shape?.[i], value.shape[i]];
    return typeof declared === "string" || typeof came === "string" || declared === came;
  };
  const fits = !shape || (shape.length === value.shape.length && shape.every((_, i) => fitsAt(i)));
  if (value.dtype === dtype && fits) return value;
  throw new OnnxError(
    `The model's input “${name}” is ${dtype} ${shape ? show(shape) : ""}, ` +
      `and ${value.dtype} ${show(value.shape)} came.`,
    "Give it the shape it was exported for, or export it with dynamic axes.",
  );
}

function ofInitializer(builder: Builder, tensor: Initializer): Operand {
  if (!tensor.parameter) return ofTensor(builder, tensor);
  return ofTensor(builder, tensor, () => builder.weight(tensor.name, tensor.shape, initOf(tensor)));
}

/** What a node gives: computed here where it works on sizes, else translated. */
function imported(
  model: OnnxModel,
  context: Context,
  node: FileNode,
  operands: ReadonlyMap<string, Operand>,
): readonly Operand[] {
  const read = node.inputs.map((name) => (name === "" ? undefined : operandOf(model, operands, name)));
  while (read.length && !read.at(-1)) read.pop();
  try {
    const known = read.filter((operand) => operand !== undefined).filter(isKnown);
    const folded = known.length === read.length ? fold(context.builder, node.op, known, node.attrs) : undefined;
    return folded ? [folded] : translationOf(node.op)(new Call(context, node, read));
  } catch (error) {
    throw refused(node, error as Error);
  }
}

/**
 * That an op cannot be imported, and why. A node that lacks an attribute or has a false one trips our code in the
 * middle.
 */
function refused(node: FileNode, error: Error): OnnxError {
  const tripped = error instanceof TypeError || error instanceof RangeError;
  const reason = tripped ? "its inputs or attributes are not what the op has" : error.message.replace(/\.$/, "");
  return new OnnxError(
    `${whereIs(node)} of the model cannot be imported: ${reason}.`,
    "Change the shapes of the model's inputs, or export it with other operators.",
  );
}
