import * as ort from "onnxruntime-node";
import { fixedBatchOf, type InputPort } from "#models/onnx/import/signature";
import type { OnnxRequest, OnnxValue } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { Cancelled, Failure } from "../../errors";
import type { Blobs } from "../../storage/blobs";
import type { Provider } from "../providers";
import { optionsFor, Pool } from "../sessions";
import { type Chunks, chunkOf, chunksOf, Joined } from "./chunks";
import { fromFileType, toFileType } from "./elements";
import { explainOpening, explainRunning } from "./explain";
import { type Feeds, feedsOf, type Fed, wiredOutputs } from "./feeds";
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

/** Closes the files that nobody runs. */
export const closeIdleFiles = (): Promise<void> => sessions.closeIdle();

/**
 * Runs a model file as it is: opened from where it lies, its inputs cast to its own element types, by rows where that
 * is sound.
 */
export async function runOnnxFile(run: OnnxFileRun): Promise<Record<string, OnnxValue>> {
  const { request, blobs } = run;
  const name = JSON.stringify([run.provider, request.ref, request.files]);
  const lease = await sessions.lease(name, await bytesOf(request, blobs), () => openFile(run));
  try {
    const outputs = await runInChunks(lease.opened, run, feedsOf(request));
    return wiredOutputs(outputs, request.signature);
  } finally {
    lease.close();
  }
}

async function runInChunks(
  session: ort.InferenceSession,
  { request, signal, progress, warn }: OnnxFileRun,
  feeds: Feeds,
): Promise<Record<string, Fed>> {
  const chunks = chunksOf(request, feeds);
  if (!chunks) return runOnce(session, request, feeds, undefined);
  const isFilled = fixedBatchOf(request.signature) !== undefined;
  if (!isFilled && !request.rows && !request.signature.rowwise)
    warn(
      `“${request.name}” is given ${chunks.size} of ${chunks.rows} rows at a time, since all of them are large. ` +
        "Where its rows depend on each other, set “Rows at a time” to all.",
    );
  const joined = new Joined<Fed>(chunks, request.name);
  for (let first = 0; first < chunks.rows; first += chunks.size) {
    if (signal.aborted) throw new Cancelled();
    const given = isFilled ? chunks.size : Math.min(chunks.size, chunks.rows - first);
    const outputs = await runOnce(session, request, cutFeeds(feeds, first, chunks, isFilled), given);
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

function cutFeeds(feeds: Feeds, first: number, chunks: Chunks, isFilled: boolean): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([port, fed]) => [
      port,
      fed && chunks.cut.has(port) ? chunkOf(fed, first, chunks, isFilled) : fed,
    ]),
  );
}

/** Runs the model on what is fed to it; what no op reads may be missing. */
async function runOnce(
  session: ort.InferenceSession,
  { signature, name }: OnnxRequest,
  feeds: Feeds,
  rows: number | undefined,
): Promise<Record<string, Fed>> {
  const types = new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : "float32"]));
  const tensors = signature.inputs.map((port): [string, ort.Tensor] => {
    const fed = feeds[port.name] ?? unreadFeed(port, feeds, rows);
    const type = types.get(port.name) ?? fed.dtype;
    return [port.name, new ort.Tensor(type, toFileType(fed, type, port.name) as never, [...fed.shape])];
  });
  try {
    const outputs = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(Object.entries(outputs).map(([port, value]) => [port, fromFileType(value, port)]));
  } catch (error) {
    throw error instanceof Failure ? error : explainRunning(error, name);
  }
}

/** For an input that no op reads, zeros or empty texts: ONNX Runtime asks for it all the same. */
function unreadFeed({ dtype, shape = [] }: InputPort, feeds: Feeds, rows: number | undefined): Fed {
  const batch = rows ?? Object.values(feeds).find((fed) => fed?.shape.length)?.shape[0] ?? 1;
  const sizes = shape.map((dim, axis) => (typeof dim === "number" ? dim : axis === 0 ? batch : 1));
  const count = sizes.reduce((product, size) => product * size, 1);
  if (dtype === "string") return { dtype, shape: sizes, data: new Array<string>(count).fill("") };
  return {
    dtype,
    shape: sizes,
    data: toFileType({ dtype: "uint8", shape: sizes, data: new Uint8Array(count) }, dtype, "") as Tensor["data"],
  };
}
