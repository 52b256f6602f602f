import { Readable } from "node:stream";
import type { FileValue } from "#nodes/core/values";
import type { ExportRequest, Host, OpenDecoding, TrainRequest, TrainResult } from "#nodes/core/host";
import type { Preview } from "#nodes/core/preview";
import type { Deferred } from "#nodes/core/values";
import { tensorsIn } from "#models/files/tensor-file";
import { random } from "#models/random";
import { Cancelled, Failure } from "../../errors";
import type { Blobs } from "../../storage/blobs";
import type { Provider } from "../providers";
import { openFolderCheckpoint } from "../../storage/checkpoint-folder";
import { download } from "./download";
import { openFolders } from "../../files/folders";
import { type HeldSecrets, hubWith } from "../../hub/held-secrets";
import { openHubFolder } from "../../hub/open";
import { hubSettings } from "../../hub/settings";
import { openTables, withFileName } from "../../files/tables";
import { keptIndex } from "./kept-index";
import { imageBytes, shownImage } from "./image-bytes";
import { growingFile } from "./growing-file";
import { growingRows } from "./growing-rows";
import { importImage, importImages } from "./import-images";
import { packageFile } from "./packages";
import { decodeEach, picturesIn } from "./decode-each";
import { pixelsOf } from "./pixels";
import { encode } from "./render";
import { sideBySide } from "./side-by-side";
import { videoFrames } from "./video-frames";

export interface HostOptions {
  blobs: Blobs;
  cacheDir: string;
  signal: AbortSignal;
  /** Folders that data may be read from. */
  folders?: readonly string[];
  allowRemote?: boolean;
  secrets?: HeldSecrets;
  /** Leads every draw of `host.random`, behind the seed. */
  nodeId: string;
  /** Leads every draw of `host.random`. */
  seed: number | readonly (string | number)[];
  onProgress(done: number, of: number, note?: string, previews?: Record<string, Preview>): void;
  onWarn(message: string): void;
  train?(request: TrainRequest): Promise<TrainResult>;
  exportOnnx?(request: ExportRequest): Promise<FileValue>;
  openDecoder?(scores: Deferred): Promise<OpenDecoding>;
  /** Calls are answered: decoded pixels are not kept in the cache folder. */
  answersCalls?: boolean;
  /** Where model files are run. */
  provider?: Provider;
}

/** What nodes may ask of this machine. */
export function createHost(options: HostOptions): Host {
  const { blobs, cacheDir, signal, onProgress: progress, onWarn: warn } = options;
  const each = sideBySide(signal, progress);
  const hub = hubSettings(options.allowRemote ?? false);
  const ownHub = options.secrets ? [options.secrets.hub] : [];
  const folders = openFolders([...(options.folders ?? []), hub.cache, ...ownHub]);
  const tables = openTables(folders, (file) => keptIndex(cacheDir, file));
  const bytesOf = imageBytes(blobs, folders, tables);
  const decoding = { bytesOf, cacheDir, each, forgets: options.answersCalls };
  const stopIfCancelled = () => {
    if (signal.aborted) throw new Cancelled();
  };
  const host: Host = {
    signal,
    progress,
    warn,
    commonSizes: (needed) => needed,
    random: (...keys) => random(...[options.seed].flat(), options.nodeId, ...keys),
    packageFile,
    put: (bytes) => blobs.put(bytes, { durable: false }),
    putParts: (parts) => blobs.putStream(Readable.from(parts), Number.POSITIVE_INFINITY, { durable: false }),
    growFile: () => growingFile(blobs),
    growRows: (type) => growingRows(type, blobs),
    get: (ref) => blobs.get(ref),
    size: (ref) => blobs.size(ref),
    read: (ref, start, end) => blobs.read(ref, start, end),
    async listFolder(folder) {
      const { leftOut, ...listing } = await folders.list(folder);
      leftOut.forEach(warn);
      return listing;
    },
    readFolderFile: folders.read,
    folderFiles: folders.files,
    findFiles: folders.find,
    openTable: tables.open,
    openTensors: (file) => withFileName(file, () => tensorsIn(file.name, folders.open(file))),
    sourceBytes: (file, start, end) => folders.readFile(file, start, end),
    folderStamp: folders.stamp,
    openCheckpoint: (folder, entry) => openFolderCheckpoint(folder, entry, { folders, blobs }),
    async hubFolder(id, revision, part, secret) {
      const settings = secret === undefined ? hub : await hubWith(hub, options.secrets, secret);
      return openHubFolder(id, revision, part, { settings, signal, onProgress: progress, onWarn: warn });
    },
    async download(url) {
      if (!options.allowRemote)
        throw new Failure({
          message: "Pictures are not downloaded from the network.",
          hint: "Upload the picture, or start Patchbay with PATCHBAY_ALLOW_REMOTE=1.",
        });
      return download(url, signal);
    },
    async importImage(bytes, name) {
      stopIfCancelled();
      return (await importImage(bytes, name, blobs)).file;
    },
    importImages: (sources, damaged) => importImages(sources, damaged, { blobs, each, warn, bytesOf }),
    imageBytes: bytesOf,
    shownImages: (images) => each.all(images, (image) => shownImage(image, bytesOf, blobs)),
    async pixels(images, request) {
      if ("files" in images) return pixelsOf(images.files, request, decoding);
      const [, height, width] = images.pixels.shape;
      if (height === request.height && width === request.width) return images.pixels;
      return pixelsOf(await host.encodeImages(images.pixels), request, decoding);
    },
    async decode(images, request, use) {
      if ("pixels" in images && !request.kernel) return picturesIn(images.pixels).map(use);
      const files = "files" in images ? images.files : await host.encodeImages(images.pixels);
      return decodeEach(files, request, use, decoding);
    },
    async videoFrames(video, most) {
      stopIfCancelled();
      const path = "ref" in video ? blobs.path(video.ref) : video.path;
      const frames = await videoFrames({ name: video.name, path }, most, signal);
      const name = (i: number) => `${video.name} ${i + 1}/${frames.length}`;
      return each.all(frames, async (frame, i) => (await importImage(frame, name(i), blobs)).file);
    },
    async encodeImages({ data, shape }, names) {
      const [count = 0, height = 0, width = 0] = shape;
      const size = width * height * 3;
      return each.all(Array.from({ length: count }), async (_, i) => {
        const png = await encode((data as Uint8Array).subarray(i * size, (i + 1) * size), width, height);
        return { ref: await blobs.put(png, { durable: false }), width, height, name: names?.[i] };
      });
    },
    async products(left, right) {
      stopIfCancelled();
      const { productsOf } = await import("./products"); // few threads need the runtime
      return productsOf(left, right, options.provider ?? "cpu");
    },
    train(request) {
      if (!options.train) throw new Failure({ message: "A trainer cannot run inside of another training." });
      return options.train(request);
    },
    exportOnnx(request) {
      if (!options.exportOnnx) throw new Failure({ message: "A model cannot be exported inside of a training." });
      return options.exportOnnx(request);
    },
    openDecoder(scores) {
      if (!options.openDecoder) throw new Failure({ message: "Text cannot be generated inside of a training." });
      return options.openDecoder(scores);
    },
    async runOnnx(request) {
      stopIfCancelled();
      const { runOnnxFile } = await import("../onnx-file/run-onnx-file"); // few threads need the runtime
      return runOnnxFile({ request, blobs, provider: options.provider ?? "cpu", signal, progress, warn });
    },
  };
  return host;
}
