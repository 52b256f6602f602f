import type { Builder } from "../../blocks/builder";
import type { Value } from "../graph";
import { show } from "../shape";
import { OnnxError } from "./error";
import { fold } from "./fold";
import { isKnown, type Operand, ofTensor, ofValue } from "./operand";
import { type FileNode, type Initializer, type OnnxModel, whereIs } from "./read";
import type { InputPort } from "./signature";
import { translationOf } from "./translate";
import { Call } from "./translations/call";

/**
 * Emits a model into our graph, for inputs of the given shapes: numbers, as a training step has them, or symbols.
 * Weights become parameters under their names in the file, starting from the file's numbers; what is computed on shapes
 * is computed here. Inputs and outputs go by their names in the file. `onNode` is called before each node.
 */
export function emitModel(
  model: OnnxModel,
  builder: Builder,
  inputs: Readonly<Record<string, Value>>,
  onNode: (node: FileNode) => void = () => {},
): Record<string, Value> {
  const operands = new Map<string, Operand>();
  for (const port of model.inputs) {
    const value = inputs[port.name];
    if (value || !port.unread) operands.set(port.name, ofValue(fitting(port, value)));
  }
  for (const [name, tensor] of model.initializers) operands.set(name, ofInitializer(builder, tensor));
  for (const node of model.nodes) {
    onNode(node);
    for (const [i, operand] of imported(builder, node, model.opset, operands).entries()) {
      const name = node.outputs[i];
      if (name) operands.set(name, operand);
    }
  }
  return Object.fromEntries(model.outputs.map(({ name }) => [name, given(operands, name).value()]));
}

function given(operands: ReadonlyMap<string, Operand>, name: string): Operand {
  const operand = operands.get(name);
  if (operand) return operand;
  throw new OnnxError(
    `The model's output “${name}” is one that its op gives only to the side, which is not read.`,
    "Export the model without that output.",
  );
}

/** What came for an input, where it is what the file declares. Sizes that either side names by a word fit all. */
function fitting({ name, dtype, shape }: InputPort, value: Value | undefined): Value {
  if (!value) throw new OnnxError(`The model's input “${name}” is missing.`, "Connect it.");
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
  const data = tensor.data as Float32Array<ArrayBuffer>;
  return ofTensor(builder, tensor, () => builder.weight(tensor.name, tensor.shape, { kind: "values", data }));
}

/** What a node gives: computed here where it works on sizes, else translated. */
function imported(
  builder: Builder,
  node: FileNode,
  opset: number,
  operands: ReadonlyMap<string, Operand>,
): readonly Operand[] {
  const read = node.inputs.map((name) => (name === "" ? undefined : operands.get(name)));
  while (read.length && !read.at(-1)) read.pop();
  try {
    const known = read.filter((operand) => operand !== undefined).filter(isKnown);
    const folded = known.length === read.length ? fold(builder, node.op, known, node.attrs) : undefined;
    return folded ? [folded] : translationOf(node.op)(new Call(builder, node, opset, read));
  } catch (error) {
    // A node that lacks an attribute or has a false one trips our code in the middle.
    const tripped = error instanceof TypeError || error instanceof RangeError;
    const reason = tripped
      ? "its inputs or attributes are not what the op has"
      : (error as Error).message.replace(/\.$/, "");
    throw new OnnxError(
      `${whereIs(node)} of the model cannot be imported: ${reason}.`,
      "Change the shapes of the model's inputs, or export it with other operators.",
    );
  }
}
