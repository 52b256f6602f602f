import { readFile, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import pLimit from "p-limit";
import type { ExportRequest, Host, PixelRequest, TrainRequest, TrainResult } from "#nodes/core/host";
import type { ImageFile } from "#nodes/core/values";
import { random } from "#models/random";
import { type Blobs, sha256 } from "../../storage/blobs";
import { writeWhole } from "../cache";
import type { Provider } from "../providers";
import { Cancelled, Failure } from "../../errors";
import { folderStamp, listFolder, readFolderFile } from "./folders";
import { encode, inspect, pictureLimits, render } from "./pictures";

export interface HostOptions {
  blobs: Blobs;
  cacheDir: string;
  signal: AbortSignal;
  /** Folders that data may be read from. */
  folders?: readonly string[];
  allowRemote?: boolean;
  nodeId: string;
  /** Leads every draw of `host.random`. */
  seed: number | readonly (string | number)[];
  onProgress(done: number, of: number, note?: string): void;
  onWarn(message: string): void;
  train?(request: TrainRequest): Promise<TrainResult>;
  exportOnnx?(request: ExportRequest): Promise<Uint8Array>;
  /** Where model files are run. */
  provider?: Provider;
}

const require = createRequire(import.meta.url);
/** Packages whose files nodes may read, and where they lie. "patchbay" is what this product ships itself. */
const packages: Record<string, () => string> = {
  patchbay: () => fileURLToPath(new URL("../../../models/checkpoints", import.meta.url)),
  ...Object.fromEntries(
    [
      "openmoji",
      "@iconify-json/noto",
      "@iconify-json/twemoji",
      "@iconify-json/fluent-emoji-flat",
      "mnist",
      "fashion-mnist",
    ].map((name) => [name, () => dirname(require.resolve(`${name}/package.json`))]),
  ),
};

const parallel = pLimit(Math.max(2, availableParallelism()));

/** What nodes may ask of this machine. */
export function createHost({
  blobs,
  cacheDir,
  signal,
  folders = [],
  allowRemote = false,
  nodeId,
  seed,
  onProgress,
  onWarn,
  train,
  exportOnnx,
  provider = "cpu",
}: HostOptions): Host {
  const check = () => {
    if (signal.aborted) throw new Cancelled();
  };
  /** Does the work for every item side by side, reporting progress, and stops when the run is cancelled. */
  const each = async <T, R>(
    items: readonly T[],
    work: (item: T, i: number) => Promise<R>,
    note?: string,
  ): Promise<R[]> => {
    let done = 0;
    let told = performance.now();
    const tasks = items.map((item, i) =>
      parallel(async () => {
        check();
        const result = await work(item, i);
        done++;
        if (performance.now() - told > 200) {
          told = performance.now();
          onProgress(done, items.length, note);
        }
        return result;
      }),
    );
    const results = await Promise.allSettled(tasks);
    const failed = results.find((r) => r.status === "rejected");
    if (failed) throw failed.reason;
    return results.map((r) => (r as PromiseFulfilledResult<R>).value);
  };
  const host: Host = {
    signal,
    progress: onProgress,
    warn: onWarn,
    random: (...keys) => random(...[seed].flat(), nodeId, ...keys),
    async packageFile(name, path) {
      const root = Object.hasOwn(packages, name) ? packages[name]?.() : undefined;
      if (!root)
        throw new Failure({
          message: `The data package “${name}” is not one of Patchbay's.`,
          hint: `Packages are ${Object.keys(packages).join(", ")}.`,
        });
      const real = await realpath(join(root, path)).catch(() => undefined);
      if (!real?.startsWith((await realpath(root)) + sep))
        throw new Failure({
          message: `The data package “${name}” has no file “${path}”.`,
          hint:
            name === "patchbay"
              ? "Choose one of the shipped checkpoints."
              : "Install Patchbay's dependencies again: npm ci.",
        });
      return readFile(real);
    },
    put: (bytes) => blobs.put(bytes, { durable: false }),
    get: (ref) => blobs.get(ref),
    size: (ref) => blobs.size(ref),
    read: (ref, start, end) => blobs.read(ref, start, end),
    listFolder: (folder, extensions) => listFolder(folder, extensions, folders),
    readFolderFile: (folder, path) => readFolderFile(folder, path, folders),
    folderStamp: (folder, extensions) => folderStamp(folder, extensions, folders),
    async importImage(bytes, name) {
      check();
      const size = await inspect(bytes, name); // first: what is refused is not kept
      return { ref: await blobs.put(bytes, { durable: false }), ...size, name };
    },
    async fetchImage(url) {
      if (!allowRemote)
        throw new Failure({
          message: "Pictures are not downloaded from the network.",
          hint: "Upload the picture, or start Patchbay with PATCHBAY_ALLOW_REMOTE=1.",
        });
      return host.importImage(await download(url, signal), url);
    },
    async pixels(images, request) {
      if ("pixels" in images) {
        const [n = 0, h = 0, w = 0] = images.pixels.shape;
        if (h === request.height && w === request.width) return images.pixels;
        return host
          .pixels({ files: await host.encodeImages(images.pixels) }, request)
          .then((t) => ({ ...t, shape: [n, request.height, request.width, 3] }));
      }
      const size = request.width * request.height * 3;
      const needed = images.files.length * size;
      if (needed > totalmem())
        throw new Failure({
          message: `${images.files.length} pictures of ${request.width} × ${request.height} need ${(needed / 2 ** 30).toFixed(1)} GiB, and this machine has ${(totalmem() / 2 ** 30).toFixed(1)}.`,
          hint: "Choose a smaller size, or fewer pictures.",
        });
      const data = new Uint8Array(needed);
      await each(images.files, async (file, i) => data.set(await pixelsOf(file, request), i * size), "pictures");
      return { dtype: "uint8", shape: [images.files.length, request.height, request.width, 3], data };
    },
    async encodeImages({ data, shape }, names) {
      const [n = 0, height = 0, width = 0] = shape;
      const size = width * height * 3;
      return each(Array.from({ length: n }), async (_, i) => {
        const png = await encode((data as Uint8Array).subarray(i * size, (i + 1) * size), width, height);
        return { ref: await blobs.put(png, { durable: false }), width, height, name: names?.[i] };
      });
    },
    train(request) {
      if (!train) throw new Failure({ message: "A trainer cannot run inside of another training." });
      return train(request);
    },
    exportOnnx(request) {
      if (!exportOnnx) throw new Failure({ message: "A model cannot be exported inside of a training." });
      return exportOnnx(request);
    },
    async runOnnx(request) {
      check();
      const { runOnnxFile } = await import("../onnx-file/run-onnx-file"); // few threads need the runtime
      return runOnnxFile({ request, blobs, provider, signal, progress: onProgress, warn: onWarn });
    },
  };

  /** Pixels by content and request; made once, then read from the cache folder. */
  async function pixelsOf(file: ImageFile, request: PixelRequest): Promise<Uint8Array> {
    const key = sha256(JSON.stringify([file.ref, request]));
    const path = join(cacheDir, "pixels", key.slice(0, 2), key);
    const known = await readFile(path).catch(() => undefined);
    if (known?.byteLength === request.width * request.height * 3) return known;
    const bytes = await blobs.get(file.ref);
    try {
      const data = await render(bytes, request, file); // looked at when it was imported
      await writeWhole(path, data);
      return data;
    } catch (cause) {
      if (cause instanceof Failure || (cause as NodeJS.ErrnoException).code) throw cause;
      throw new Failure(
        {
          message: `The picture ${file.name ?? file.ref.slice(0, 12)} cannot be decoded.`,
          hint: "The file is damaged or cut off: open it elsewhere and save it again, or remove it from the batch.",
        },
        { cause },
      );
    }
  }
  return host;
}

/**
 * A picture from the network, when the operator allows that: https or http, bounded, no redirects into other
 * schemes.
 */
async function download(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const fail = (reason: string, cause?: unknown): never => {
    throw new Failure(
      {
        param: "urls",
        message: `“${url.slice(0, 200)}” cannot be downloaded: ${reason}.`,
        hint: "Check the address, or upload the picture.",
      },
      { cause },
    );
  };
  if (!/^https?:\/\//i.test(url)) fail("only http and https addresses are read");
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) }).catch((cause) =>
    fail("the server does not answer", cause),
  );
  if (!response.ok || !response.body) return fail(`the server answers ${response.status}`);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    parts.push(part);
    bytes += part.byteLength;
    if (bytes > pictureLimits.bytes) fail("it is too large");
  }
  return Buffer.concat(parts);
}
