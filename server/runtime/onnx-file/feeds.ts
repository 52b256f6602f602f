/**
 * Between the wires of a model that runs as its file is and the tensors of that file: shapes are checked, and texts,
 * which are lists on a wire, get theirs.
 */
import { fixedBatchOf, freedShapeOf, type InputPort } from "#models/onnx/import/signature";
import { openAxesOf, shapeOfTexts, textsPerStep } from "#models/onnx/import/texts";
import type { Shape } from "#models/onnx/graph";
import type { OnnxRequest, OnnxValue } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { Failure } from "../../errors";

/** A string tensor, row-major. */
export interface Texts {
  dtype: "string";
  shape: readonly number[];
  data: readonly string[];
}
export type Fed = Tensor | Texts;
/** What a file reads or gives, by its names. */
export type Feeds = Readonly<Record<string, Fed | undefined>>;

/**
 * The inputs of a request as its file takes them. Axes that the file fixes, but for the batch, must be what came; a
 * list of texts must fill the shape that the file declares. What no op reads is left out, whatever came.
 */
export function feedsOf({ signature, inputs, name }: OnnxRequest): Feeds {
  const batch = fixedBatchOf(signature);
  const read = signature.inputs.filter(({ unread }) => !unread);
  return Object.fromEntries(
    read.map((port) => [port.name, feedOf(port, freedShapeOf(port, batch), inputs[port.name], name)]),
  );
}

function feedOf(
  port: InputPort,
  declared: Shape | undefined,
  came: OnnxValue | undefined,
  model: string,
): Fed | undefined {
  if (!came) return undefined;
  if (Array.isArray(came))
    return { dtype: "string", shape: textShape(port.name, declared, came.length, model), data: came };
  const fits = (size: number, axis: number) => typeof declared?.[axis] !== "number" || declared[axis] === size;
  if (!declared || (came.shape.length === declared.length && came.shape.every(fits))) return came;
  throw new Failure({
    port: port.name,
    message: `“${port.name}” of “${model}” takes [${port.shape?.join(", ")}], and [${came.shape.join(", ")}] came.`,
    hint: "Give it the shape it was exported for, or export it with dynamic axes.",
  });
}

/** The shape of so many texts; where the file declares none, that of a list. */
function textShape(port: string, declared: Shape = ["texts"], count: number, model: string): number[] {
  const open = openAxesOf(declared);
  const takes = `“${port}” of “${model}” takes texts as [${declared.join(", ")}]`;
  if (open > 1)
    throw new Failure({
      port,
      message: `${takes}, and a list of texts does not say how many there are along each axis.`,
      hint: "Export the model with fixed sizes for all but one of these axes.",
    });
  const shape = shapeOfTexts(declared, count);
  if (shape) return shape;
  const texts = textsPerStep(declared);
  const wanted = `${open ? "a multiple of " : ""}${texts} ${texts === 1 ? "text" : "texts"}`;
  throw new Failure({
    port,
    message: `${takes}, row by row: ${wanted}, and ${count} came.`,
    hint: `Wire ${wanted} to it.`,
  });
}

/** What a file gave, as wires carry it: of texts the list, row by row. */
export function wiredOutputs(
  given: Readonly<Record<string, Fed>>,
  { outputs }: OnnxRequest["signature"],
): Record<string, OnnxValue> {
  const declared = new Map(outputs.map((port) => [port.name, port]));
  const wired = Object.entries(given).map(([port, value]) => {
    const isText = value.dtype === "string";
    if (isText !== (declared.get(port)?.dtype === "string")) throw undeclared(port, isText);
    return [port, value.dtype === "string" ? [...value.data] : value] as const;
  });
  return Object.fromEntries(wired);
}

const undeclared = (port: string, isText: boolean): Failure =>
  new Failure({
    port,
    message: `“${port}” of the model gives ${isText ? "texts" : "numbers"}, which its file does not declare.`,
    hint: "Have its types written into it (onnx.shape_inference.infer_shapes), and upload it again.",
  });
