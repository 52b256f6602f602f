import { fromBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  type AttributeProto,
  type NodeProto,
  NodeProtoSchema,
  TensorProtoSchema,
} from "onnx-buf";
import type { Attrs } from "../graph";
import { decoded, OnnxError } from "./error";
import { type Span, scan } from "./scan";
import { describe, type Signature } from "./signature";
import { type FileTensor, tensorOf } from "./tensor";

/** One op of the file, with its attributes decoded. */
export interface FileNode {
  op: string;
  /** How the file calls it; for messages. */
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attrs: Attrs;
  tensors: Readonly<Record<string, FileTensor>>;
}
export interface Initializer extends FileTensor {
  name: string;
  /** Whether it is a weight, to be trained, frozen or adapted, and no constant. */
  parameter: boolean;
}

/** A model that is read: what `emitModel` emits into our graph. */
export interface OnnxModel extends Signature {
  /** The nodes that the outputs need, each after what it reads. */
  nodes: readonly FileNode[];
  initializers: ReadonlyMap<string, Initializer>;
}

/**
 * Reads an ONNX model, opset 13 to 21, from its bytes. Everything a stranger's file may have wrong is an `OnnxError`
 * that names op and node: no ONNX, another opset, weights in other files, an op that `knows` does not know, cycles,
 * values that nothing gives, false sizes.
 *
 * Which tensors are weights: floats with more than one element. Single numbers (epsilons, scales) and integers are
 * constants, and so is a float tensor with infinities or numbers beyond 10³⁰, which is a mask; so are the tensors of
 * Constant nodes, where exporters put what is no parameter.
 */
export async function readModel(bytes: Uint8Array, knows: (op: string) => boolean): Promise<OnnxModel> {
  const map = await scan({ size: bytes.length, read: async (start, end) => bytes.subarray(start, end) });
  const part = ({ start, end }: Span) => bytes.subarray(start, end);
  const signature = await describe(map, async (span) => part(span));
  if (map.functions)
    throw new OnnxError(
      `The model defines ${map.functions} functions of its own, which are not read.`,
      "Inline them: onnx.inliner.inline_local_functions(model).",
    );
  const initializers = new Map<string, Initializer>();
  for (const span of map.initializers) {
    const tensor = decoded(() => tensorOf(fromBinary(TensorProtoSchema, part(span))), "a tensor");
    if (initializers.has(span.name)) throw new OnnxError(`Two tensors of the model are called “${span.name}”.`);
    initializers.set(span.name, { ...tensor, name: span.name, parameter: isWeight(tensor) });
  }
  const nodes = map.nodes.map((span) => decoded(() => nodeOf(fromBinary(NodeProtoSchema, part(span))), "a node"));
  const given = new Set([...signature.inputs.map((port) => port.name), ...initializers.keys()]);
  const outputs = signature.outputs.map((port) => port.name);
  const needed = ordered(nodes, given, outputs);
  refuseUnknown(needed, knows);
  return { ...signature, nodes: needed, initializers };
}

function refuseUnknown(nodes: readonly FileNode[], knows: (op: string) => boolean): void {
  const unknown = nodes.filter((node) => !knows(node.op));
  const first = unknown[0];
  if (!first) return;
  const ops = [...new Set(unknown.map((node) => node.op))];
  const count = ops.length === 1 ? "an op" : `${ops.length} ops`;
  throw new OnnxError(
    `The model uses ${count} that cannot be imported: ${ops.slice(0, 10).join(", ")} ` +
      `(the first at ${whereIs(first)}).`,
    hints.get(first.op) ?? "Export the part of the model before it, or export it with other operators.",
  );
}

/** How messages name a node of the file. */
export const whereIs = ({ op, name, outputs }: FileNode): string => `${op} “${name || outputs[0] || "without a name"}”`;

const straight =
  "A model is imported as a straight line of ops. Export it with example inputs that fix the choice, or without control flow.";
const hints = new Map([
  ["If", straight],
  ["Loop", straight],
  ["Scan", straight],
]);
const maskBound = 1e30;
const isWeight = ({ dtype, data }: FileTensor): boolean =>
  dtype === "float32" && data.length > 1 && (data as Float32Array).every((x) => Math.abs(x) < maskBound);

function nodeOf({ opType, name, domain, input, output, attribute }: NodeProto): FileNode {
  // Ops of other domains keep theirs in their name, so that nothing takes them for ours.
  const op = domain === "" || domain === "ai.onnx" ? opType : `${domain}.${opType}`;
  const attrs: Attrs = {};
  const tensors: Record<string, FileTensor> = {};
  for (const given of attribute) {
    const what = `The attribute “${given.name}” of ${op} “${name || output[0]}”`;
    if (given.type === A.TENSOR && given.t) tensors[given.name] = tensorOf(given.t, what);
    else attrs[given.name] = valueOf(given);
  }
  return { op, name, inputs: input, outputs: output, attrs, tensors };
}

/** Numbers, strings and lists of numbers; subgraphs and the like are no attributes of an op we know. */
function valueOf({ type, f, i, s, ints, floats }: AttributeProto): Attrs[string] {
  if (type === A.FLOAT) return f;
  if (type === A.INT) return Number(i);
  if (type === A.STRING) return new TextDecoder().decode(s);
  if (type === A.INTS) return ints.map(Number);
  return type === A.FLOATS ? floats : undefined;
}

/** What the outputs need, each node after those it reads from. */
function ordered(nodes: readonly FileNode[], given: ReadonlySet<string>, outputs: readonly string[]): FileNode[] {
  const makers = makersOf(nodes, given);
  const done = new Set<FileNode>();
  const open = new Set<FileNode>();
  const isThere = (name: string): boolean => {
    const maker = makers.get(name);
    return name === "" || given.has(name) || (maker !== undefined && done.has(maker));
  };
  // Depth first without recursion: a model may be thousands of nodes deep.
  const stack = outputs.toReversed().map((name) => ({ name, reader: undefined as FileNode | undefined }));
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const node = makers.get(top.name);
    if (isThere(top.name)) {
      stack.pop();
    } else if (!node) {
      const reader = top.reader ? whereIs(top.reader) : "The model's output list";
      throw new OnnxError(`${reader} reads “${top.name}”, which nothing in the model gives.`);
    } else if (open.has(node)) {
      if (!node.inputs.every(isThere))
        throw new OnnxError(`${whereIs(node)} reads what depends on it: the model runs in a circle.`);
      done.add(node);
      stack.pop();
    } else {
      open.add(node);
      for (const name of node.inputs.toReversed()) stack.push({ name, reader: node });
    }
  }
  return [...done];
}

/** Which node gives a value. */
function makersOf(nodes: readonly FileNode[], given: ReadonlySet<string>): Map<string, FileNode> {
  const makers = new Map<string, FileNode>();
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (makers.has(name) || given.has(name))
        throw new OnnxError(`Two things in the model give “${name}”; one of them is ${whereIs(node)}.`);
      makers.set(name, node);
    }
  }
  return makers;
}
