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
 * Reads an ONNX model, opset 13 to 21, from its bytes. Everything a stranger's file may have wrong is an `OnnxError` that names op and
 * node: no ONNX, another opset, weights in other files, an op that `knows` does not know, cycles, values that nothing gives, false sizes.
 *
 * Which tensors are weights: floats with more than one element. Single numbers (epsilons, scales) and integers are constants, and so is a
 * float tensor with infinities or numbers beyond 10³⁰, which is a mask; so are the tensors of Constant nodes, where exporters put what is
 * no parameter.
 */
export async function readModel(bytes: Uint8Array, knows: (op: string) => boolean): Promise<OnnxModel> {
  const map = await scan({ size: bytes.length, read: async (start, end) => bytes.subarray(start, end) });
  const at = ({ start, end }: Span) => bytes.subarray(start, end);
  const signature = await describe(map, async (span) => at(span));
  if (map.functions)
    throw new OnnxError(
      `The model defines ${map.functions} functions of its own, which are not read.`,
      "Inline them: onnx.inliner.inline_local_functions(model).",
    );
  const initializers = new Map<string, Initializer>();
  for (const span of map.initializers) {
    const tensor = decoded(() => tensorOf(fromBinary(TensorProtoSchema, at(span))), "a tensor");
    if (initializers.has(span.name)) throw new OnnxError(`Two tensors of the model are called “${span.name}”.`);
    initializers.set(span.name, { ...tensor, name: span.name, parameter: isWeight(tensor) });
  }
  const nodes = map.nodes.map((span) => decoded(() => nodeOf(fromBinary(NodeProtoSchema, at(span))), "a node"));
  const needed = ordered(
    nodes,
    new Set([...signature.inputs.map((p) => p.name), ...initializers.keys()]),
    signature.outputs.map((p) => p.name),
  );
  const unknown = needed.filter((n) => !knows(n.op));
  const first = unknown[0];
  if (first) {
    const ops = [...new Set(unknown.map((n) => n.op))];
    throw new OnnxError(
      `The model uses ${ops.length === 1 ? "an op" : `${ops.length} ops`} that cannot be imported: ${ops.slice(0, 10).join(", ")} (the first at ${whereIs(first)}).`,
      hints.get(first.op) ?? "Export the part of the model before it, or export it with other operators.",
    );
  }
  return { ...signature, nodes: needed, initializers };
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
  for (const a of attribute) {
    if (a.type === A.TENSOR && a.t)
      tensors[a.name] = tensorOf(a.t, `The attribute “${a.name}” of ${op} “${name || output[0]}”`);
    else attrs[a.name] = valueOf(a);
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
  const makers = new Map<string, FileNode>();
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (makers.has(name) || given.has(name))
        throw new OnnxError(`Two things in the model give “${name}”; one of them is ${whereIs(node)}.`);
      makers.set(name, node);
    }
  }
  const done: FileNode[] = [];
  const state = new Map<FileNode, "open" | "done">();
  // Depth first without recursion: a model may be thousands of nodes deep.
  const stack = outputs.toReversed().map((name) => ({ name, reader: undefined as FileNode | undefined }));
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const node = makers.get(top.name);
    if (top.name === "" || given.has(top.name) || (node && state.get(node) === "done")) stack.pop();
    else if (!node)
      throw new OnnxError(
        `${top.reader ? whereIs(top.reader) : "The model's output list"} reads “${top.name}”, which nothing in the model gives.`,
      );
    else if (state.get(node) === "open") {
      const waiting = node.inputs.find(
        (name) => name !== "" && !given.has(name) && state.get(makers.get(name) as FileNode) !== "done",
      );
      if (waiting !== undefined)
        throw new OnnxError(`${whereIs(node)} reads what depends on it: the model runs in a circle.`);
      state.set(node, "done");
      done.push(node);
      stack.pop();
    } else {
      state.set(node, "open");
      for (const name of node.inputs.toReversed()) stack.push({ name, reader: node });
    }
  }
  return done;
}
