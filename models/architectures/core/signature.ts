/** What a model takes and gives, before a weight of it is read. */
import { builderOf } from "../../blocks/builder";
import { gridOf } from "../../blocks/patches";
import { type Dim, type DType, Graph, type Shape, type Value } from "../../onnx/graph";
import { Inputs, type InputSpec, type OpenArchitecture } from "./architecture";

export interface ModelSignature {
  inputs: Readonly<Record<string, InputSpec>>;
  /** By transformers' paths; a size that differs from picture to picture is "*". */
  outputs: Readonly<Record<string, { dtype: DType; shape: Shape }>>;
}

/** Tries the model on pictures of two sizes: what differs follows from the size. */
export function signatureOf(model: OpenArchitecture): ModelSignature {
  const shapes = outputsFor(model, 1);
  const others = model.picture ? outputsFor(model, 2) : shapes;
  const outputs = Object.entries(shapes).map(([path, { dtype, shape }]) => {
    const other = others[path]?.shape;
    const open = shape.map((d, axis) => (other && other[axis] !== d ? "*" : d));
    return [path, { dtype, shape: open }] as const;
  });
  return { inputs: Object.fromEntries(wiredInputs(model)), outputs: Object.fromEntries(outputs) };
}

const wiredInputs = ({ inputs }: OpenArchitecture): [string, InputSpec][] =>
  Object.entries(inputs).filter(([, { isKnown, isOfCalls }]) => !isKnown && !isOfCalls);

/** The parameters of all that can be built, by the names of the hub's files. */
export function parameterShapes(model: OpenArchitecture): Map<string, readonly number[]> {
  const graph = new Graph();
  outputsFor(model, 1, graph);
  return new Map(graph.parameters.map(({ name, value }) => [name, value.shape as readonly number[]]));
}

/** The outputs that can be built, for pictures so many times as large as the model was made for. */
function outputsFor(
  model: OpenArchitecture,
  times: number,
  graph = new Graph(),
): Record<string, { dtype: DType; shape: Shape }> {
  const sizes = sizesOf(model, times);
  const values = wiredInputs(model).map(([name, { dtype, shape }]) => {
    // Of what may come once for all rows, once will do.
    const open = (axis: number) => (axis === 0 ? 1 : `${name}${axis}`);
    const bound = shape.map((d, axis): Dim => (d === "*" ? open(axis) : (sizes[d] ?? d)));
    return [name, graph.input(name, dtype, bound)] as const;
  });
  const outputs = model.forward(builderOf(graph, false), new Inputs(Object.fromEntries(values)), { return_loss: true });
  const found: Record<string, { dtype: DType; shape: Shape }> = {};
  for (const [path, make] of Object.entries(outputs)) {
    const value = tried(make);
    if (value) found[path] = { dtype: value.dtype, shape: value.shape };
  }
  return found;
}

/** The sizes that follow from pictures so many times as large as the model was made for. */
export function sizesOf({ picture }: Pick<OpenArchitecture, "picture">, times: number): Record<string, number> {
  if (!picture) return {};
  const [height, width] = picture.size.map((side) => side * times) as [number, number];
  const grid = picture.patch ? gridOf([height, width], picture.patch) : undefined;
  return { H: height, W: width, ...(grid ? { N: grid[0] * grid[1] } : {}) };
}

/** Of what cannot be built from these sizes it is told when it is run. */
function tried(make: () => Value): Value | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
