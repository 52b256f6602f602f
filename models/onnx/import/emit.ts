import type { Builder } from "../../blocks/builder";
import type { Value } from "../graph";
import { show } from "../shape";
import { OnnxError } from "./error";
import { fold } from "./fold";
import { isKnown, type Operand, ofTensor, ofValue } from "./operand";
import { type FileNode, type OnnxModel, whereIs } from "./read";
import { translationOf } from "./translate";

/**
 * Emits a model into our graph, for inputs of the given shapes: numbers, as a training step has them, or symbols. Weights become
 * parameters under their names in the file, starting from the file's numbers; what is computed on shapes is computed here.
 * Inputs and outputs go by their names in the file.
 */
export function emitModel(
  { inputs: declared, outputs, opset, nodes, initializers }: OnnxModel,
  b: Builder,
  inputs: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const operands = new Map<string, Operand>();
  for (const { name, dtype, shape } of declared) {
    const value = inputs[name];
    if (!value) throw new OnnxError(`The model's input “${name}” is missing.`, "Connect it.");
    const fits =
      value.dtype === dtype &&
      (!shape ||
        (shape.length === value.shape.length &&
          shape.every((d, i) => typeof d === "string" || typeof value.shape[i] === "string" || d === value.shape[i])));
    if (!fits)
      throw new OnnxError(
        `The model's input “${name}” is ${dtype} ${shape ? show(shape) : ""}, and ${value.dtype} ${show(value.shape)} came.`,
        "Give it the shape it was exported for, or export it with dynamic axes.",
      );
    operands.set(name, ofValue(value));
  }
  for (const [name, tensor] of initializers) {
    const { parameter, shape, data } = tensor;
    operands.set(
      name,
      ofTensor(
        b,
        tensor,
        parameter
          ? () => b.weight(name, shape, { kind: "values", data: data as Float32Array<ArrayBuffer> })
          : undefined,
      ),
    );
  }
  for (const node of nodes) {
    try {
      for (const [i, operand] of imported(node).entries()) if (node.outputs[i]) operands.set(node.outputs[i], operand);
    } catch (error) {
      // A node that lacks an attribute or has a false one trips our code in the middle.
      const reason =
        error instanceof TypeError || error instanceof RangeError
          ? "its inputs or attributes are not what the op has"
          : (error as Error).message.replace(/\.$/, "");
      throw new OnnxError(
        `${whereIs(node)} of the model cannot be imported: ${reason}.`,
        "Change the shapes of the model's inputs, or export it with other operators.",
      );
    }
  }
  return Object.fromEntries(outputs.map(({ name }) => [name, (operands.get(name) as Operand).value()]));

  function imported(node: FileNode): readonly Operand[] {
    const x = node.inputs.map((name) => (name === "" ? undefined : operands.get(name)));
    while (x.length && !x.at(-1)) x.pop();
    const known = x.filter((operand) => operand !== undefined).filter(isKnown);
    const folded = known.length === x.length ? fold(b, node.op, known, node.attrs) : undefined;
    return folded ? [folded] : translationOf(node.op)({ b, node, opset, x, attrs: node.attrs });
  }
}
