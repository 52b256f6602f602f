import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { ImageFile } from "../core/values";

const upload = z.object({
  ref: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().max(255).default("picture"),
  width: z.int().min(0).default(0),
  height: z.int().min(0).default(0),
});

export const load = defineNode({
  type: "image.load",
  title: "Load images",
  description: "Pictures that you upload, from a folder, or from addresses where the operator allows it.",
  docs: `PNG, JPEG, WebP, GIF (first frame), AVIF, TIFF and SVG, up to 32 MiB and 64 million pixels each. Pictures
keep their own sizes until a Resize. EXIF orientation is applied.`,
  version: 1,
  inputs: {},
  outputs: {
    image: port.image({ shape: ["N", "*", "*"] }),
    name: port.text({ shape: ["N"], doc: "File names without their endings." }),
  },
  params: {
    source: z.enum(["upload", "folder", "url"]).default("upload").meta({ label: "From" }),
    images: z.array(upload).max(10_000).default([]).meta({ label: "Pictures", widget: "images" }),
    folder: z.string().max(4096).default("").meta({ label: "Folder", placeholder: "/data/pictures" }),
    urls: z
      .string()
      .max(100_000)
      .default("")
      .meta({ label: "Addresses", widget: "textarea", description: "One per line." }),
  },
  check({ source, images, folder, urls }) {
    if (source === "upload" && !images.length)
      return {
        param: "images",
        message: "No picture is chosen.",
        hint: "Drop pictures onto the node, or choose files in the inspector.",
      };
    if (source === "folder" && !folder.trim())
      return {
        param: "folder",
        message: "No folder is given.",
        hint: "Enter the path of a folder on the machine that runs the graph.",
      };
    if (source === "url" && !urls.trim())
      return { param: "urls", message: "No address is given.", hint: "Enter one address per line." };
    return undefined;
  },
  fingerprint: async ({ host, params }) => (params.source === "folder" ? host.folderStamp(params.folder, endings) : ""),
  async run({ host, params }) {
    const files: ImageFile[] = [];
    const take = async (list: readonly string[], read: (item: string) => Promise<ImageFile>) => {
      for (const item of list) {
        files.push(await read(item));
        host.progress(files.length, list.length, "pictures");
      }
    };
    if (params.source === "upload")
      for (const { ref, name } of params.images) files.push(await host.importImage(await host.get(ref), name));
    if (params.source === "folder")
      await take(await host.listFolder(params.folder, endings), async (path) =>
        host.importImage(await host.readFolderFile(params.folder, path), path),
      );
    if (params.source === "url")
      await take(
        params.urls
          .split("\n")
          .map((u) => u.trim())
          .filter(Boolean),
        (url) => host.fetchImage(url),
      );
    if (!files.length)
      throw Object.assign(new Error("No picture was found."), {
        hint: "PNG, JPEG, WebP, GIF, AVIF, TIFF and SVG are read.",
      });
    return {
      image: { files },
      name: files.map((f) => (f.name ?? "picture").replace(/^.*\//, "").replace(/\.[^.]+$/, "")),
    };
  },
});

const endings = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".tif", ".tiff", ".svg"];
