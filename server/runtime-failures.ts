/** What ONNX Runtime, the GPU or JavaScript itself says when a step fails, in the user's words. */
import { cutText } from "#models/files/text";
import type { PublicError } from "#nodes/graph/events";

/** A value that a step reads, as messages speak of it. */
export interface ReadValue {
  /** "node.port" */
  endpoint: string;
  type: string;
  dtype?: string;
  shape?: readonly number[];
  /** Texts or pictures. */
  count?: number;
  bytes?: number;
}

/** The step that failed. */
export interface FailedStep {
  node?: string;
  /** Titles by id, of all nodes that may have failed in it. */
  titles?: ReadonlyMap<string, string>;
  title?: string;
  inputs?: readonly ReadValue[];
}

/** "12.0 MiB" */
export function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return unit === 0 ? `${bytes} bytes` : `${(bytes / 2 ** (10 * unit)).toFixed(1)} ${units[unit]}`;
}

/** Words that no sentence of ours has. */
const runtimeWords = [
  /onnxruntime|\[ONNXRuntimeError\]|Non-zero status code|\bORT_|\bonnxruntime::/i,
  /bad_alloc|Failed to allocate|Array buffer allocation failed|OUT_OF_(?:DEVICE_)?MEMORY|data is too long/i,
  /Invalid (?:typed )?array (?:buffer )?length|Invalid string length|is greater than 2 GiB/i,
  anyOf(
    /requires f16 but the device/,
    /device (?:was |is )?lost/,
    /VK_ERROR/,
    /cudaError/,
    /CUDA (?:failure|error)/,
    /CUDNN_STATUS/,
    /CUBLAS_STATUS/,
  ),
  /Protobuf parsing failed|maximum protobuf size|model_path must not be empty/i,
];

/** Whether an error is a runtime's and no sentence for a person. */
export function isRuntimeFailure(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  const isThrownByJavaScript = [TypeError, RangeError, ReferenceError].some((kind) => error instanceof kind);
  return isThrownByJavaScript || runtimeWords.some((words) => words.test(message));
}

/** The failure of a step: which node, what it read, what to do. What the runtime said is in the details. */
export function explainRuntimeFailure(error: unknown, step: FailedStep): PublicError {
  const said = error instanceof Error ? error.message : String(error);
  const node = culpritOf(said, step) ?? step.node;
  const title = (node !== undefined && step.titles?.get(node)) || step.title || node || "The run";
  const details = { ...inputDetails(step), reason: withoutPaths(said) };
  for (const [pattern, explain] of kinds) {
    const found = pattern.exec(said);
    if (found) return { node, ...explain({ title, op: opOf(said), found, read: readText(step) }), details };
  }
  return {
    node,
    message: `${title} failed in a way that was not foreseen.${readText(step)}`,
    hint:
      "Check its settings and what is wired to it; try fewer rows, or the CPU. " +
      "If that does not help, export the graph (More, Export as JSON) and report it with the details.",
    details,
  };
}

interface Facts {
  title: string;
  /** " at its MatMul", where the runtime says so. */
  op: string;
  found: RegExpExecArray;
  /** " It read a.b: …", where that is known. */
  read: string;
}
type Explained = Pick<PublicError, "message" | "hint" | "lack">;

const fewer =
  "Take fewer rows (“At most” on the dataset, or every tenth row), smaller pictures, a smaller batch " +
  "or a smaller model.";

/** The first kind that fits is taken. */
const kinds: readonly [RegExp, (facts: Facts) => Explained][] = [
  [
    /requires f16 but the device does not support it/,
    () => ({
      message: "This GPU cannot compute in half precision.",
      hint: "Set Precision to float32, or run on the CPU or another GPU.",
    }),
  ],
  [
    anyOf(
      /device (?:was |is |has been )?lost/,
      /GPUDevice.*lost/,
      /VK_ERROR_DEVICE_LOST/,
      /CUDA (?:failure|error) (?:7\d\d|4\d)/,
      /cudaError(?!MemoryAllocation)/,
    ),
    ({ title }) => ({
      message: `The GPU stopped answering while ${title} was computed.`,
      hint:
        "Run again: what is finished comes from the cache, and a training goes on from its last checkpoint. " +
        "If it happens again, run on the CPU.",
    }),
  ],
  [
    anyOf(
      /exceeds? (?:the )?maximum protobuf size/,
      /protobuf.*(?:2 ?GB|2147483647)/,
      /ModelProto.*too large/,
      /File size \(?\d+\)? is greater than 2 GiB/,
    ),
    ({ title, read }) => ({
      message:
        `${title} would be a file or model of more than 2 GiB, which ONNX Runtime does not load in one ` +
        `piece.${read}`,
      hint: "Make the model smaller (layers, width), or cut it into several nodes that are run one after the other.",
    }),
  ],
  [
    /(?:Failed to allocate memory for requested buffer of size|Failed to allocate) (\d+)/i,
    ({ title, op, found, read }) => ({
      message:
        `${title} needs ${bytesText(Number(found[1]))} at once${op}, and there is not so much memory ` + `left.${read}`,
      hint: fewer,
      lack: "memory",
    }),
  ],
  [
    anyOf(
      /bad_alloc/,
      /Failed to allocate/,
      /Array buffer allocation failed/,
      /out of (?:device )?memory/,
      /OUT_OF_(?:DEVICE_)?MEMORY/,
      /OutOfMemory/,
      /Cannot allocate memory/,
      /cudaErrorMemoryAllocation/,
    ),
    ({ title, op, read }) => ({
      message: `The memory was not enough for ${title}${op}.${read}`,
      hint: fewer,
      lack: "memory",
    }),
  ],
  [
    anyOf(
      /Invalid (?:typed )?array (?:buffer )?length/,
      /Invalid string length/,
      /data is too long/,
      /offset is out of bounds/,
      /length.*out of range/,
    ),
    ({ title, read }) => ({
      message: `${title} would make a single value that is too large to be held in one piece.${read}`,
      hint: fewer,
    }),
  ],
  [
    /ind(?:ices|ex)[^,]*out of (?:data )?bounds?,? ?(?:idx=)?(-?\d+)[^[]*\[(-?\d+),\s*(-?\d+)\]/i,
    ({ title, found: [, index, , last], read }) => ({
      message: `${title} picks number ${index} of ${Number(last) + 1}, which are numbered from 0.${read}`,
      hint: "Look at the labels or token ids that come in: one is beyond the classes or the vocabulary.",
    }),
  ],
  [
    /out of bounds|out of range/i,
    ({ title, op, read }) => ({
      message: `${title} is asked for something beyond the end of a value${op}.${read}`,
      hint: "Check the ids and sizes that are wired to it: classes, tokens, rows.",
    }),
  ],
  [
    /Got invalid dimensions for input: (\S+) for the following indices\s+index: (\d+) Got: (\d+) Expected: (\d+)/,
    ({ title, found: [, input, axis, got, expected] }) => ({
      message: `${title} expects ${expected} along axis ${axis} of “${input}”, and ${got} came.`,
      hint: "Wire something of that size to it, or change its sizes.",
    }),
  ],
  [
    /Could not find an implementation for (?:the node )?.*?(\w+)\(\d+\)/,
    ({ title, found, read }) => unsupported(title, ` at its ${found[1]}`, read),
  ],
  [
    /NOT_IMPLEMENTED|Type '[^']+' of input parameter|Unexpected input data type/i,
    ({ title, op, read }) => unsupported(title, op, read),
  ],
  [
    anyOf(
      /external data/,
      /External initializer/,
      /model_path must not be empty/,
      /weights? file.*(?:missing|not found)/,
      /filesystem error/,
    ),
    ({ title }) => ({
      message: `A file with weights of ${title} is missing, or shorter than the model says.`,
      hint: "Upload the model again with all of its files.",
    }),
  ],
  [
    anyOf(
      /Protobuf parsing failed/,
      /INVALID_PROTOBUF/,
      /INVALID_GRAPH/,
      /Load model from/,
      /This is an invalid model/,
      /Failed to load model/,
    ),
    ({ title, read }) => ({
      message: `The model of ${title} could not be loaded.${read}`,
      hint:
        "Check its settings. Where it comes from a file, export that again; else export the graph and report " +
        "it with the details.",
    }),
  ],
  [
    anyOf(
      /broadcast/,
      /dimension mismatch/,
      /incompatible dimensions/,
      /cannot be reshaped/,
      /shape mismatch/,
      /mismatched? (?:dimensions|shapes)/,
      /Invalid rank/,
      /input shapes?.*(?:differ|match)/,
      /must (?:be|have) the same (?:shape|size|dimension)/,
    ),
    ({ title, op, read }) => ({
      message: `The shapes of what ${title} reads do not go together${op}.${read}`,
      hint: "Check what is wired to it: values of one batch have as many rows, and widths are those that it is set to.",
    }),
  ],
  [
    /Maximum call stack size exceeded/,
    ({ title }) => ({
      message: `${title} holds something that is nested too deeply.`,
      hint: "Make it flatter: plain values and short lists.",
    }),
  ],
];

const unsupported = (title: string, op: string, read: string): Explained => ({
  message: `${title} cannot be computed here${op}: there is no way to compute it with these element types.${read}`,
  hint: "Use another element type, such as float32, or run on the CPU.",
});

const opOf = (said: string): string => {
  const [, op] = /while running (\w+) node/.exec(said) ?? [];
  return op ? ` at its ${op}` : "";
};

/** The node that the runtime names: ops are called after the node that they belong to. */
function culpritOf(said: string, { titles }: FailedStep): string | undefined {
  const [, name = ""] = /Name:\s?'([^']*)'/.exec(said) ?? [];
  return [...(titles?.keys() ?? [])].find((id) => name.startsWith(`${id}/`));
}

function readText({ inputs = [] }: FailedStep): string {
  if (!inputs.length) return "";
  const more = inputs.length > 4 ? ` and ${inputs.length - 4} more` : "";
  return ` It read ${inputs.slice(0, 4).map(valueText).join("; ")}${more}.`;
}

function inputDetails({ inputs = [] }: FailedStep): Record<string, string> {
  return Object.fromEntries(inputs.map((value) => [value.endpoint, valueText(value)]));
}

/** "data.pixels: float32 [64, 3, 32, 32], 768.0 KiB" */
function valueText({ endpoint, type, dtype, shape, count, bytes }: ReadValue): string {
  const size = bytes === undefined ? "" : `, ${bytesText(bytes)}`;
  if (shape) return `${endpoint}: ${dtype} [${shape.join(", ")}]${size}`;
  return `${endpoint}: ${count === undefined ? type : `${count} ${type === "image" ? "pictures" : "texts"}`}`;
}

/** A runtime's words on one line, without the folders of whoever built it, and without ours. */
function withoutPaths(said: string): string {
  const clean = said.replace(/(?:\/?[\w.@-]+\/){2,}[\w.-]+(?::\d+)*/g, "…").replace(/\s+/g, " ");
  return cutText(clean.trim(), 1000, "…") || "It gave no reason.";
}

/** One of several patterns, in whatever case. */
function anyOf(...patterns: RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join("|"), "i");
}
