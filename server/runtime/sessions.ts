/** Models that are loaded into ONNX Runtime, and the way between our tensors and the runtime's. */
import { availableParallelism, cpus } from "node:os";
import * as ort from "onnxruntime-node";
import type { Tensor } from "#nodes/core/values";
import { env } from "../env";
import type { Blobs } from "../storage/blobs";
import { memoryLimit } from "./memory";
import { externalRoot, identityOf, type ModelFiles, withModel } from "./model-files";
import type { Provider } from "./providers";

/** A model that is loaded. Only one `run` is in progress per process: the runtime computes on the calling thread. */
export interface Session {
  /** Feeds by name in, outputs by name out. Feeds are not copied on the CPU. */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/**
 * What the threads of a session do until they are needed again. Those that spin answer a little sooner, and take
 * their cores from everything else meanwhile; those that sleep leave them.
 */
export type Threads = "spinning" | "sleeping";

/** Loads a model from its bytes; weights lie in it, or in files that it names. */
export async function openSession(model: Uint8Array, provider: Provider, threads?: Threads): Promise<Session> {
  const { extra, ...options } = optionsFor(provider);
  const session = {
    ...extra.session,
    model_external_initializers_file_folder_path: externalRoot,
    ...(threads === "sleeping" && { intra_op: { allow_spinning: "0" } }),
  };
  return sessionOf(await ort.InferenceSession.create(model, { ...options, extra: { session } }));
}

/** Loads a model whose weights lie in blobs. */
export function openFiles(files: ModelFiles, blobs: Blobs, provider: Provider, threads?: Threads): Promise<Session> {
  return withModel(blobs, files, (model) => openSession(model, provider, threads));
}

function sessionOf(session: ort.InferenceSession): Session {
  return {
    async run(feeds) {
      const given = Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)] as const);
      const results = await session.run(Object.fromEntries(given));
      return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
    },
    release: () => session.release(),
  };
}

/**
 * How many threads a session computes with, where no setting says it; 0 leaves it to the runtime. That counts the cores
 * of the machine, also those that this process may not use (an affinity, a container's limit), and threads that wait
 * for each other on one core take half of it. Where all may be used its own count is better: one for each real core.
 */
const threadsByCores = availableParallelism() < cpus().length ? availableParallelism() : 0;

export const sessionThreads = (): number => env().threads ?? threadsByCores;

/** How every model is opened that runs more than once. */
export function optionsFor(provider: Provider) {
  return {
    executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
    graphOptimizationLevel: "all",
    intraOpNumThreads: sessionThreads(),
    // Denormals appear late in training and slow the CPU down by an order of magnitude.
    extra: { session: { set_denormal_as_zero: "1" } },
    logSeverityLevel: 4, // what fails is thrown, and told in our words
  } satisfies ort.InferenceSession.SessionOptions;
}

/** What a loaded model takes beside its weights, roughly. */
const sessionBytes = 16 * 2 ** 20;

/** What a pool has opened for somebody, who gives it back. */
export interface Lease<T> {
  opened: T;
  close(): void;
}

/**
 * Models that were opened lately, so that a second run of one does not load it again. Those that were asked for longest
 * ago are closed when all together would hold more than `maxBytes`; never one that somebody has.
 */
export class Pool<T extends { release(): Promise<void> }> {
  /** By name, the one that was asked for last at the end. */
  readonly #open = new Map<string, { opened: T; bytes: number; leases: number }>();

  constructor(readonly maxBytes = memoryLimit() / 2) {}

  /** What was opened under a name, or is opened now: with weights of so many bytes. */
  async lease(name: string, weightBytes: number, open: () => Promise<T>): Promise<Lease<T>> {
    const known = this.#open.get(name);
    const bytes = weightBytes + sessionBytes;
    if (!known) await this.#makeRoom(bytes);
    const held = known ?? { opened: await open(), bytes, leases: 0 };
    this.#open.delete(name);
    this.#open.set(name, held);
    held.leases++;
    return { opened: held.opened, close: () => void held.leases-- };
  }

  /** Whether what is opened under a name is open already, or has room beside what somebody has. */
  hasRoomFor(name: string, weightBytes: number): boolean {
    const leased = [...this.#open.values()].filter(({ leases }) => leases > 0);
    const held = leased.reduce((sum, { bytes }) => sum + bytes, weightBytes + sessionBytes);
    return this.#open.has(name) || held <= this.maxBytes;
  }

  /** Closes what nobody has. */
  async closeIdle(): Promise<void> {
    for (const [name, { opened, leases }] of this.#open) {
      if (leases) continue;
      this.#open.delete(name);
      await opened.release();
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    let held = [...this.#open.values()].reduce((sum, open) => sum + open.bytes, bytes);
    for (const [name, open] of this.#open) {
      if (held <= this.maxBytes) return;
      if (open.leases) continue;
      this.#open.delete(name);
      await open.opened.release();
      held -= open.bytes;
    }
  }
}

/** The sessions of lowered graphs. */
export class SessionPool {
  readonly #pool: Pool<Session>;

  constructor(
    maxBytes?: number,
    readonly threads: Threads = "spinning",
  ) {
    this.#pool = new Pool(maxBytes);
  }

  closeIdle(): Promise<void> {
    return this.#pool.closeIdle();
  }

  /** Whether a model is open already, or could be beside those that somebody has. */
  hasRoomFor(files: ModelFiles, provider: Provider): boolean {
    return this.#pool.hasRoomFor(nameOf(files, provider), files.weightBytes);
  }

  lease(files: ModelFiles, blobs: Blobs, provider: Provider): Promise<Lease<Session>> {
    return this.#pool.lease(nameOf(files, provider), files.weightBytes, () =>
      openFiles(files, blobs, provider, this.threads),
    );
  }
}

const nameOf = (files: ModelFiles, provider: Provider): string => `${provider} ${identityOf(files)}`;

/** Our tensor as one of the runtime's, on the same memory. */
export function toOrt({ dtype, data, shape }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype, data as never, [...shape]);
}

/** A tensor of the runtime as one of ours, on the same memory. */
function fromOrt(value: ort.Tensor): Tensor {
  return { dtype: value.type as Tensor["dtype"], shape: value.dims, data: value.data as Tensor["data"] };
}

// Node 24 has Float16Array, which the native half of onnxruntime-node 1.30 cannot read. The runtime looks once for the
// kinds of array there are, with its first tensor: here, and without that kind, so that float16 stays Uint16Array as on
// older Nodes.
const float16Array = Object.getOwnPropertyDescriptor(globalThis, "Float16Array");
Reflect.deleteProperty(globalThis, "Float16Array");
toOrt({ dtype: "uint8", shape: [0], data: new Uint8Array() });
if (float16Array) Object.defineProperty(globalThis, "Float16Array", float16Array);
