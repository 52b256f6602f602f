import * as z from "zod";
import type { Source } from "#models/onnx/import/fields";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { endingOf } from "../core/pictures";
import { port } from "../core/ports";
import { storedFile } from "../core/stored-file";
import type { SourceFile, StoredImage } from "../core/values";

const upload = storedFile("video");

/** Of a file in which frames are looked for. */
const endings = [".mp4", ".webm", ".gif", ".webp", ".mov", ".mkv", ".avi", ".m4v", ".mpg", ".mpeg"];

/** When parameters mean something, by others. */
const uploadedOnly = { source: ["upload"] };
const folderOnly = { source: ["folder"] };

export const videoFrames = defineNode({
  type: "image.video-frames",
  title: "Video frames",
  description: "Frames of videos, spread evenly over each: GIF, animated WebP, MP4, WebM and others.",
  synonyms: ["load video", "movie", "frame sampling", "ffmpeg", "decord"],
  docs: `Each video is a row with at most so many frames, from its first to its last at equal distances (LLaVA-OneVision
takes 32): \`images\`, packed. To *AnyRes tiler*, whose rows then are *videos*. A video with fewer frames gives all.

GIF and animated WebP are read as they are. Other files need ffmpeg: the machine's own, that of the package
\`ffmpeg-static\`, or the one that \`PATCHBAY_FFMPEG\` names. Frames are kept as PNG in the store; sound is not read.

Folders must be ones that the operator allows with \`PATCHBAY_FOLDERS\`. In the names of files \`*\` stands for
letters, \`**/\` for any folders.`,
  version: 1,
  inputs: {},
  outputs: {
    images: port.image({ shape: ["F", "*", "*"], packed: "N", doc: "The frames of each video." }),
    name: port.text({ shape: ["N"], doc: "File names without their endings." }),
  },
  params: {
    source: z.enum(["upload", "folder"]).default("folder").meta({ label: "From" }),
    file: upload.optional().meta({ label: "Video", widget: "upload", when: uploadedOnly }),
    folder: z.string().max(4096).default("").meta({ label: "Folder", placeholder: "/data/videos", when: folderOnly }),
    files: z.string().max(100_000).default("").meta({
      label: "Files",
      widget: "textarea",
      placeholder: "train/*.mp4",
      description: "One or more a line; empty: all videos of the folder.",
      when: folderOnly,
    }),
    frames: z.int().min(1).max(1024).default(8).meta({ label: "At most", unit: "frames a video" }),
  },
  inspect: {
    file: {
      ending: endings,
      read: async (_source: Source) => ({}),
    },
  },
  check({ source, file, folder }) {
    if (source === "upload" && !file)
      return { param: "file", message: "No video is chosen.", hint: "Upload one, or name a folder." };
    if (source === "folder" && !folder.trim())
      return {
        param: "folder",
        message: "No folder is given.",
        hint: "Enter the path of a folder on the machine that runs the graph.",
      };
    return undefined;
  },
  async fingerprint({ host, params }) {
    if (params.source === "upload") return "";
    const files = await filesIn(host, params);
    return JSON.stringify(files.map(({ path, size, mtimeMs }) => [path, size, mtimeMs]));
  },
  async run({ host, params }) {
    const videos = params.source === "upload" ? [params.file as z.output<typeof upload>] : await filesIn(host, params);
    if (!videos.length)
      throw Object.assign(new Error("No video was found."), { hint: "Check the folder and the names of files." });
    const rows: StoredImage[][] = [];
    for (const [i, video] of videos.entries()) {
      host.progress(i, videos.length, "videos");
      rows.push(await host.videoFrames(video, params.frames));
    }
    return {
      images: { files: rows.flat(), counts: rows.map(({ length }) => length) },
      name: videos.map(({ name }) => name.replace(/^.*\//, "").replace(/\.[^.]+$/, "")),
    };
  },
});

async function filesIn(host: Host, { folder, files }: { folder: string; files: string }): Promise<SourceFile[]> {
  if (files.trim()) return host.findFiles(folder, files);
  const { pictures, others } = await host.listFolder(folder);
  const videos = [...pictures, ...others].filter((path) => endings.includes(endingOf(path))).sort();
  const found = await host.folderFiles(folder, videos);
  return found.map((file) => {
    if (file instanceof Error) throw file;
    return file;
  });
}
