/** Models that are loaded into ONNX Runtime, and the way between our tensors and the runtime's. */
import * as ort from "onnxruntime-node";
import type { Tensor } from "#nodes/core/values";
import { sha256 } from "../storage/blobs";
import type { Provider } from "./providers";

/** A model that is loaded. Only one `run` is in progress per process: the runtime computes on the calling thread. */
export interface Session {
  /** Feeds by name in, outputs by name out. Feeds are not copied on the CPU. */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** Loads a model. */
export async function openSession(model: Uint8Array, provider: Provider): Promise<Session> {
  const session = await ort.InferenceSession.create(model, optionsFor(provider));
  return {
    async run(feeds) {
      const given = Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)] as const);
      const results = await session.run(Object.fromEntries(given));
      return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
    },
    release: () => session.release(),
  };
}

/** How every model is opened that runs more than once. */
export function optionsFor(provider: Provider): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
    graphOptimizationLevel: "all",
    // Denormals appear late in training and slow the CPU down by an order of magnitude.
    extra: { session: { set_denormal_as_zero: "1" } },
    logSeverityLevel: 3,
  };
}

/** Sessions that were opened lately, so that a second run of the same model does not load it again. */
export class SessionPool {
  /** By provider and model, the one that was asked for last at the end. */
  readonly #open = new Map<string, Session>();

  constructor(readonly size = 8) {}

  async get(model: Uint8Array, provider: Provider): Promise<Session> {
    const name = `${provider} ${sha256(model)}`;
    const session = this.#open.get(name) ?? (await openSession(model, provider));
    this.#open.delete(name);
    this.#open.set(name, session);
    await this.#closeOldest();
    return session;
  }

  async #closeOldest(): Promise<void> {
    for (const [name, session] of this.#open) {
      if (this.#open.size <= this.size) return;
      this.#open.delete(name);
      await session.release();
    }
  }
}

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
