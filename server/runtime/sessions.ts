import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as ort from "onnxruntime-node";
import type { Tensor } from "#nodes/core/values";
import { sha256 } from "../storage/blobs";
import { Failure } from "../errors";

export const providers = ["cuda", "webgpu", "cpu"] as const;
export type Provider = (typeof providers)[number];
export type ProviderChoice = Provider | "auto";

/** A model that is loaded. Only one `run` is in progress per process: the runtime computes on the calling thread. */
export interface Session {
  /** Feeds by name in, outputs by name out. Feeds are not copied on the CPU. */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  /** The same on the runtime's own tensors, for a training loop whose state goes round. */
  runRaw(feeds: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>>;
  release(): Promise<void>;
}

// Node 24 has Float16Array, which the native half of onnxruntime-node 1.30 cannot read. The runtime looks once for the kinds of array there are,
// with its first tensor: here, and without that kind, so that float16 stays Uint16Array as on older Nodes.
const float16Array = Object.getOwnPropertyDescriptor(globalThis, "Float16Array");
Reflect.deleteProperty(globalThis, "Float16Array");
export const toOrt = ({ dtype, data, shape }: Tensor): ort.Tensor => new ort.Tensor(dtype, data as never, [...shape]);
toOrt({ dtype: "uint8", shape: [0], data: new Uint8Array() });
if (float16Array) Object.defineProperty(globalThis, "Float16Array", float16Array);
export const fromOrt = (value: ort.Tensor): Tensor => ({
  dtype: value.type as Tensor["dtype"],
  shape: value.dims,
  data: value.data as Tensor["data"],
});

/** How every model is opened that runs more than once. */
export const optionsFor = (provider: Provider): ort.InferenceSession.SessionOptions => ({
  executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
  graphOptimizationLevel: "all",
  // Denormals appear late in training and slow the CPU down by an order of magnitude.
  extra: { session: { set_denormal_as_zero: "1" } },
  logSeverityLevel: 3,
});

/** Loads a model. */
export async function openSession(model: Uint8Array, provider: Provider): Promise<Session> {
  const session = await ort.InferenceSession.create(model, optionsFor(provider));
  return {
    runRaw: (feeds) => session.run(feeds) as Promise<Record<string, ort.Tensor>>,
    async run(feeds) {
      const results = await session.run(
        Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)])),
      );
      return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
    },
    release: () => session.release(),
  };
}

/** Sessions that were opened lately, so that a second run of the same model does not load it again. */
export class SessionPool {
  #open = new Map<string, Session>();
  constructor(readonly size = 8) {}

  async get(model: Uint8Array, provider: Provider): Promise<Session> {
    const key = `${provider} ${sha256(model)}`;
    const session = this.#open.get(key) ?? (await openSession(model, provider));
    this.#open.delete(key);
    this.#open.set(key, session);
    for (const [old, stale] of this.#open) {
      if (this.#open.size <= this.size) break;
      this.#open.delete(old);
      await stale.release();
    }
    return session;
  }
}

const isOpen = new Map<Provider, Promise<boolean>>();

/**
 * Whether the runtime can really run on a provider: a small model is tried, in a process of its own, since a driver that is not
 * there can take the whole process down.
 */
export function canOpen(provider: Provider): Promise<boolean> {
  const known = isOpen.get(provider);
  if (known) return known;
  const tried =
    provider === "cpu" ? Promise.resolve(true) : hasDevice(provider) ? probe(provider) : Promise.resolve(false);
  isOpen.set(provider, tried);
  return tried;
}

const hasDevice = (provider: Provider): boolean => {
  if (process.platform !== "linux") return provider === "webgpu";
  if (provider === "cuda") return existsSync("/dev/nvidiactl");
  return (
    existsSync("/dev/dri/renderD128") ||
    existsSync("/dev/nvidiactl") ||
    Boolean(process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES)
  );
};

const probe = (provider: Provider): Promise<boolean> =>
  promisify(execFile)(
    process.execPath,
    ["--import", "tsx", fileURLToPath(new URL("./probe.ts", import.meta.url)), provider],
    { timeout: 30_000 },
  ).then(
    () => true,
    () => false,
  );

/** The provider that a choice stands for: `auto` is the first that opens of CUDA, WebGPU, CPU. */
export async function chooseProvider(choice: ProviderChoice): Promise<Provider> {
  for (const provider of choice === "auto" ? providers : [choice]) if (await canOpen(provider)) return provider;
  throw new Failure({
    message: `The execution provider "${choice}" cannot be opened on this machine.`,
    hint: "Choose auto or cpu. For cuda, install its libraries (README, “GPU”); for webgpu, a Vulkan driver.",
  });
}
