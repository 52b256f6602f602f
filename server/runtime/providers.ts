/** Where models may be computed on this machine: which execution providers there are, and which really open. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Failure } from "../errors";
import { programRunner } from "./computing-process";

const providers = ["cuda", "webgpu", "cpu"] as const;
export type Provider = (typeof providers)[number];
export type ProviderChoice = Provider | "auto";

/** The provider that a choice stands for: `auto` is the first that opens of CUDA, WebGPU, CPU. */
export async function chooseProvider(choice: ProviderChoice): Promise<Provider> {
  for (const provider of choice === "auto" ? providers : [choice]) {
    if (await canOpen(provider)) return provider;
  }
  throw new Failure({
    message: `The execution provider "${choice}" cannot be opened on this machine.`,
    hint: "Choose auto or cpu. For cuda, install its libraries (README, “GPU”); for webgpu, a Vulkan driver.",
  });
}

const isOpen = new Map<Provider, Promise<boolean>>();

/** Whether the runtime can really run on a provider. Asked once for each provider. */
function canOpen(provider: Provider): Promise<boolean> {
  const known = isOpen.get(provider);
  if (known) return known;
  const tried = tryProvider(provider);
  isOpen.set(provider, tried);
  return tried;
}

async function tryProvider(provider: Provider): Promise<boolean> {
  if (provider === "cpu") return true;
  return hasDevice(provider) && probe(provider);
}

/** Whether the machine has the device at all, so that most machines need not try. */
function hasDevice(provider: Provider): boolean {
  if (process.platform !== "linux") return provider === "webgpu";
  if (provider === "cuda") return existsSync("/dev/nvidiactl");
  return (
    existsSync("/dev/dri/renderD128") ||
    existsSync("/dev/nvidiactl") ||
    Boolean(process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES)
  );
}

/** Tries a small model, in a process of its own, since a driver that is not there can take the whole process down. */
async function probe(provider: Provider): Promise<boolean> {
  const script = fileURLToPath(new URL("./probe.ts", import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [programRunner, script, provider], { timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}
