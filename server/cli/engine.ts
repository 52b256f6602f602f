import { join } from "node:path";
import { Option } from "commander";
import * as z from "zod";
import type { RunEvent } from "#nodes/graph/events";
import { env } from "../env";
import { secretsOfEnvironment } from "../hub/held-secrets";
import type { ExecuteOptions } from "../runtime/execute";
import { openBlobs } from "../storage/blobs";
import { beginCacheUse } from "../storage/budget";
import { Usage } from "../usage";
import { interruption } from "./interruption";
import { say } from "./output";

const providerName = z.enum(["auto", "cpu", "webgpu", "cuda"]);

export const providerOption = (): Option =>
  new Option("--provider <name>", "auto, cpu, webgpu or cuda").default("auto");

export type Engine = Omit<ExecuteOptions, "document" | "targets">;

/** What every execution is given: this machine's folders and settings, and a signal that Ctrl-C raises. */
export function openEngine(options: { provider: string; json?: boolean }): Engine {
  const provider = providerName.safeParse(options.provider);
  if (!provider.success) throw new Usage(`--provider is auto, cpu, webgpu or cuda, and not “${options.provider}”.`);
  const { data, folders, allowRemote } = env();
  return {
    blobs: openBlobs(join(data, "blobs")),
    cacheDir: join(data, "cache"),
    scratch: join(data, "scratch"),
    signal: interruption(),
    folders,
    allowRemote,
    secrets: secretsOfEnvironment(data),
    provider: provider.data,
    onEvent: options.json ? undefined : progressTeller(),
    onCause: (cause) => {
      if (process.env.PATCHBAY_DEBUG) console.error(cause);
    },
  };
}

/** What the command uses of the cache stays while it works; in the end the cache is brought within its limit. */
export function usingCache<A extends unknown[]>(work: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  return async (...args) => {
    const endUse = await beginCacheUse(env().data);
    try {
      await work(...args);
    } finally {
      await endUse();
    }
  };
}

/** One line per node on stderr, and a training's loss now and then. */
function progressTeller(): (event: RunEvent) => void {
  let lastProgress = 0;
  return (event) => {
    if (event.kind === "node-done" && !event.cached) say(`${event.node}: ${(event.ms / 1000).toFixed(2)} s`);
    if (event.kind === "warning") say(`warning${event.node ? ` in ${event.node}` : ""}: ${event.message}`);
    if (event.kind === "resumed") say(`${event.node}: goes on after step ${event.step}`);
    if (event.kind === "node-progress" && performance.now() - lastProgress > 2000) {
      lastProgress = performance.now();
      say(`${event.node}: ${event.done} of ${event.of}${event.note ? `, ${event.note}` : ""}`);
    }
  };
}
