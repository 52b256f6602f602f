import * as ort from "onnxruntime-node";
import { fixedBatchOf, type InputPort } from "#models/onnx/import/signature";
import type { OnnxRequest } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { Cancelled, Failure } from "../../errors";
import type { Blobs } from "../../storage/blobs";
import type { Provider } from "../providers";
import { optionsFor, Pool } from "../sessions";
import { type Chunks, chunkOf, chunksOf, Joined } from "./chunks";
import { fromFileType, toFileType } from "./elements";
import { explainOpening, explainRunning } from "./explain";
import { bytesOf, withPlacedModel } from "./place";

export interface OnnxFileRun {
  request: OnnxRequest;
  blobs: Blobs;
  provider: Provider;
  signal: AbortSignal;
  progress(done: number, of: number): void;
  warn(message: string): void;
}

const sessions = new Pool<ort.InferenceSession>();

/**
 * Runs a model file as it is: opened from where it lies, its inputs cast to its own element types, by rows where that
 * is sound.
 */
export async function runOnnxFile(run: OnnxFileRun): Promise<Record<string, Tensor>> {
  const { request, blobs } = run;
  const name = JSON.stringify([run.provider, request.ref, request.files]);
  const lease = await sessions.lease(name, await bytesOf(request, blobs), () => openFile(run));
  try {
    checkInputs(request);
    return await runInChunks(lease.opened, run);
  } finally {
    lease.close();
  }
}

async function runInChunks(
  session: ort.InferenceSession,
  { request, signal, progress, warn }: OnnxFileRun,
): Promise<Record<string, Tensor>> {
  const chunks = chunksOf(request);
  if (!chunks) return runOnce(session, request, request.inputs, undefined);
  const isFilled = fixedBatchOf(request.signature) !== undefined;
  if (!isFilled && !request.rows && !request.signature.rowwise)
    warn(
      `“${request.name}” is given ${chunks.size} of ${chunks.rows} rows at a time, since all of them are large. ` +
        "Where its rows depend on each other, set “Rows at a time” to all.",
    );
  const joined = new Joined(chunks, request.name);
  for (let first = 0; first < chunks.rows; first += chunks.size) {
    if (signal.aborted) throw new Cancelled();
    const given = isFilled ? chunks.size : Math.min(chunks.size, chunks.rows - first);
    const outputs = await runOnce(session, request, cutInputs(request, first, chunks, isFilled), given);
    for (const [port, part] of Object.entries(outputs)) joined.add(port, part, first, given);
    progress(Math.min(chunks.rows, first + chunks.size), chunks.rows);
    await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
  }
  return joined.outputs();
}

function openFile({ request, blobs, provider, warn }: OnnxFileRun): Promise<ort.InferenceSession> {
  return withPlacedModel(request, blobs, async (path) => {
    const open = (on: Provider) => ort.InferenceSession.create(path, optionsFor(on));
    const refuse = (error: unknown): never => {
      throw explainOpening(error, request.name);
    };
    if (provider === "cpu") return open("cpu").catch(refuse);
    return open(provider).catch(() => {
      warn(`“${request.name}” cannot be opened on ${provider}, and runs on the CPU.`);
      return open("cpu").catch(refuse);
    });
  });
}

/** Axes that the file fixes, but for the batch, must be what came. */
function checkInputs({ signature, inputs, name }: OnnxRequest): void {
  const fixed = fixedBatchOf(signature);
  for (const port of signature.inputs) {
    const came = inputs[port.name]?.shape;
    if (!came || !port.shape) continue;
    const fits = (axis: number) => typeof port.shape?.[axis] !== "number" || port.shape[axis] === came[axis];
    const isBatch = (axis: number) => axis === 0 && fixed !== undefined;
    if (came.length === port.shape.length && came.every((_, axis) => isBatch(axis) || fits(axis))) continue;
    throw new Failure({
      port: port.name,
      message: `“${port.name}” of “${name}” takes [${port.shape.join(", ")}], and [${came.join(", ")}] came.`,
      hint: "Give it the shape it was exported for, or export it with dynamic axes.",
    });
  }
}

function cutInputs(request: OnnxRequest, first: number, chunks: Chunks, isFilled: boolean): OnnxRequest["inputs"] {
  return Object.fromEntries(
    Object.entries(request.inputs).map(([port, tensor]) => [
      port,
      tensor && chunks.cut.has(port) ? chunkOf(tensor, first, chunks, isFilled) : tensor,
    ]),
  );
}

async function runOnce(
  session: ort.InferenceSession,
  { signature, name }: OnnxRequest,
  inputs: OnnxRequest["inputs"],
  rows: number | undefined,
): Promise<Record<string, Tensor>> {
  const types = new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : "float32"]));
  const feeds = signature.inputs.map((port): [string, ort.Tensor] => {
    const tensor = inputs[port.name] ?? zeros(port, inputs, rows);
    const type = types.get(port.name) ?? tensor.dtype;
    return [port.name, new ort.Tensor(type, toFileType(tensor, type, port.name) as never, [...tensor.shape])];
  });
  try {
    const outputs = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(Object.entries(outputs).map(([port, value]) => [port, fromFileType(value, port)]));
  } catch (error) {
    throw error instanceof Failure ? error : explainRunning(error, name);
  }
}

/** For an input that no op reads: ONNX Runtime asks for it all the same. */
function zeros({ dtype, shape = [] }: InputPort, inputs: OnnxRequest["inputs"], rows: number | undefined): Tensor {
  const batch = rows ?? Object.values(inputs).find((tensor) => tensor?.shape.length)?.shape[0] ?? 1;
  const sizes = shape.map((dim, axis) => (typeof dim === "number" ? dim : axis === 0 ? batch : 1));
  const count = sizes.reduce((product, size) => product * size, 1);
  return {
    dtype,
    shape: sizes,
    data: toFileType({ dtype: "uint8", shape: sizes, data: new Uint8Array(count) }, dtype, "") as Tensor["data"],
  };
}
