import { fromBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  type AttributeProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import type { Attrs, DType } from "../graph";
import { decoded, OnnxError, Untranslatable } from "./error";
import { type Beside, checkBounds, fileOf, nothingBeside, readExternal } from "./external";
import type { Source, Span } from "./fields";
import { type ModelMap, scan, type TensorSpan } from "./scan";
import { describe } from "./describe";
import type { InputPort, OutputPort, Signature } from "./signature";
import { maskBound, storedWeight, type Whereabouts } from "./stored-weights";
import { byteLengthOf, type FileTensor, tensorOf, unreadTensor } from "./tensor";

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
export interface OnnxModel extends NumericSignature {
  /** The nodes that the outputs need, each after what it reads. */
  nodes: readonly FileNode[];
  initializers: ReadonlyMap<string, Initializer>;
}

/** Without texts. */
interface NumericSignature extends Signature {
  inputs: (InputPort & { dtype: DType })[];
  outputs: (OutputPort & { dtype?: DType })[];
}

export interface ReadOptions {
  /** The files beside it that its weights may lie in. */
  beside?: Beside;
  /** Leaves the numbers of larger tensors where they are: enough to see what becomes of the model. */
  skeleton?: boolean;
  /** Leaves larger weights where they are, in files of these names: the model's own, or those beside it. */
  fileName?: Whereabouts["fileName"];
}

/** What ONNX Runtime 1.30 takes. */
export const opsets = { first: 7, last: 26 };
/** What is decoded swells some thirtyfold, so it is bounded tightly. */
const limits = { nodeBytes: 8 * 2 ** 20, nodesBytes: 32 * 2 ** 20, listedBytes: 8 * 2 ** 20, smallBytes: 2 ** 19 };

/**
 * Reads an ONNX model, opset 7 to 26. What a stranger's file may have wrong is an `OnnxError` that names op and node:
 * no ONNX, cycles, values that nothing gives, false sizes. What may be sound but cannot become ops of ours is an
 * `Untranslatable`: another opset, an op that `knows` does not know, functions, element types that are not computed
 * with.
 *
 * Which tensors are weights: floats with more than one element. Single numbers (epsilons, scales) and integers are
 * constants, and so is a float tensor with infinities or numbers beyond 10³⁰, which is a mask; so are the tensors of
 * Constant nodes, where exporters put what is no parameter.
 */
export async function readModel(
  source: Source,
  knows: (op: string) => boolean,
  { beside = nothingBeside, skeleton = false, fileName }: ReadOptions = {},
): Promise<OnnxModel> {
  const map = await scan(source);
  const partOf = async ({ start, end }: Span) => source.read(start, end);
  const signature = await describe(map, partOf);
  refuseForeign(map, signature.opset);
  const initializers = new Map<string, Initializer>();
  for (const span of map.initializers) {
    const whereabouts = fileName && { source, beside, fileName };
    const tensor = await tensorIn(span, source, { beside, skeleton, whereabouts });
    if (initializers.has(span.name)) throw twice(`two tensors of the model are called “${span.name}”`);
    initializers.set(span.name, { ...tensor, name: span.name, parameter: isWeight(tensor) });
  }
  const nodes: FileNode[] = [];
  for (const span of map.nodes) {
    const bytes = await partOf(span);
    nodes.push(decoded(() => nodeOf(fromBinary(NodeProtoSchema, bytes)), "a node"));
  }
  const given = new Set([...signature.inputs.map((port) => port.name), ...initializers.keys()]);
  const outputs = signature.outputs.map((port) => port.name);
  const needed = ordered(nodes, given, outputs);
  refuseUnknown(needed, knows);
  refuseTexts(signature);
  return { ...signature, nodes: needed, initializers };
}

function refuseForeign(map: ModelMap, opset: number): void {
  if (opset < opsets.first || opset > opsets.last)
    throw new Untranslatable(
      `its opset ${opset || "is of no standard"} is not among ${opsets.first} to ${opsets.last}`,
      {
        message: `The model uses opset ${opset || "of no standard"}; ${opsets.first} to ${opsets.last} are read.`,
        hint: `Export it again with opset_version between ${opsets.first} and ${opsets.last}.`,
      },
    );
  if (map.functions)
    throw new Untranslatable("the file defines functions of its own", {
      message: `The model defines ${map.functions} functions of its own, which are not read.`,
      hint: "Inline them: onnx.inliner.inline_local_functions(model).",
    });
  if (map.sparse)
    throw new Untranslatable("the file holds sparse tensors", {
      message: "The model holds sparse tensors, which are not read.",
      hint: "Export it with dense weights.",
    });
  const sizes = map.nodes.map(({ start, end }) => end - start);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (
    total > limits.nodesBytes ||
    sizes.some((size) => size > limits.nodeBytes) ||
    map.listedBytes > limits.listedBytes
  )
    throw new Untranslatable(`its nodes hold more than ${limits.nodeBytes / 2 ** 20} MiB of numbers`);
}

interface TensorOptions {
  beside: Beside;
  skeleton: boolean;
  whereabouts?: Whereabouts;
}

async function tensorIn(span: TensorSpan, source: Source, options: TensorOptions): Promise<FileTensor> {
  const { beside, skeleton, whereabouts } = options;
  if (whereabouts) {
    const head = await tensorProto(span, source, true);
    const stored = await storedWeight(head, span, whereabouts);
    if (stored) return stored;
  }
  return numbersOf(await tensorProto(span, source, skeleton), span, beside, skeleton);
}

/** A tensor as the file has it; with `skeleton` without its numbers where there are many. */
async function tensorProto({ start, end, head }: TensorSpan, source: Source, skeleton: boolean): Promise<TensorProto> {
  const spans = skeleton && end - start > limits.smallBytes ? head : [{ start, end }];
  const parts: Uint8Array[] = [];
  for (const span of spans) parts.push(await source.read(span.start, span.end));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return decoded(() => fromBinary(TensorProtoSchema, bytes), "a tensor");
}

async function numbersOf(
  proto: TensorProto,
  { start, end, external }: TensorSpan,
  beside: Beside,
  skeleton: boolean,
): Promise<FileTensor> {
  if (!external) {
    const isLeft = skeleton && end - start > limits.smallBytes;
    return decoded(() => (isLeft ? unreadTensor(proto) : tensorOf(proto)), "a tensor");
  }
  const bytes = byteLengthOf(proto);
  if (skeleton && bytes > limits.smallBytes) {
    checkBounds(external, bytes, (await fileOf(external, beside)).size);
    return unreadTensor(proto);
  }
  const rawData = await readExternal(external, bytes, beside);
  return decoded(() => tensorOf({ ...proto, rawData: rawData as Uint8Array<ArrayBuffer> }), "a tensor");
}

const twice = (reason: string): Untranslatable =>
  new Untranslatable(reason, { message: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.` });

function refuseUnknown(nodes: readonly FileNode[], knows: (op: string) => boolean): void {
  const unknown = nodes.filter((node) => !knows(node.op));
  const first = unknown[0];
  if (!first) return;
  const ops = [...new Set(unknown.map((node) => node.op))];
  const count = ops.length === 1 ? "an op" : `${ops.length} ops`;
  throw new Untranslatable(`“${first.op}” (node “${titleOf(first)}”) ${kindOf(first.op)}`, {
    message:
      `The model uses ${count} that cannot be imported: ${ops.slice(0, 10).join(", ")} ` +
      `(the first at ${whereIs(first)}).`,
    hint: hints.get(first.op) ?? "Export the part of the model before it, or export it with other operators.",
  });
}

/** No op of ours computes with texts, though one that reads or gives them may be known. */
function refuseTexts(signature: Signature): asserts signature is NumericSignature {
  const isText = ({ dtype }: OutputPort) => dtype === "string";
  if (signature.inputs.some(isText)) throw new Untranslatable("it takes texts");
  if (signature.outputs.some(isText)) throw new Untranslatable("it gives texts");
}

/** Why an op is not translated. */
function kindOf(op: string): string {
  if (["If", "Loop", "Scan"].includes(op)) return "is control flow";
  if (["LSTM", "GRU", "RNN"].includes(op)) return "is a recurrent layer, which is not translated";
  if (/^Sequence|Sequence$|^Optional|^SplitToSequence|^ConcatFromSequence/.test(op)) return "works on sequences";
  if (/^String|Normalizer$|^Regex|TfIdf/.test(op)) return "works on texts";
  if (/[Qq]uantize|^QLinear|Integer$/.test(op)) return "is quantized arithmetic";
  if (op.includes(".")) return `is an op of ${op.slice(0, op.lastIndexOf("."))}, not of ONNX`;
  return "is not translated";
}

/** How messages name a node of the file. */
export const whereIs = (node: FileNode): string => `${node.op} “${titleOf(node)}”`;
const titleOf = ({ name, outputs }: FileNode): string => name || outputs[0] || "without a name";

const straight =
  "A model is imported as a straight line of ops. " +
  "Export it with example inputs that fix the choice, or without control flow.";
const hints = new Map([
  ["If", straight],
  ["Loop", straight],
  ["Scan", straight],
]);
const isWeight = ({ dtype, data, unread }: FileTensor): boolean =>
  dtype === "float32" && (unread || (data.length > 1 && (data as Float32Array).every((x) => Math.abs(x) < maskBound)));

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
        throw twice(`two things in the model give “${name}”; one of them is ${whereIs(node)}`);
      makers.set(name, node);
    }
  }
  return makers;
}
