import * as z from "zod";
import type { Host, PictureSource } from "../core/host";
import { defineNode } from "../core/node";
import { damagedParam, picturesIn, readPictures, warnOfUnread } from "../core/pictures";
import { port } from "../core/ports";
import { storedFile } from "../core/stored-file";
import type { ImageFile } from "../core/values";

const upload = storedFile("picture").extend({
  width: z.int().min(0).default(0),
  height: z.int().min(0).default(0),
});

/** When parameters mean something, by others. */
const uploadedOnly = { source: ["upload"] };
const folderOnly = { source: ["folder"] };
const urlOnly = { source: ["url"] };

export const load = defineNode({
  type: "image.load",
  title: "Load images",
  description: "Pictures that you upload, from a folder, or from addresses where the operator allows it.",
  synonyms: ["LoadImage", "open", "read", "photo"],
  docs: `PNG, JPEG, WebP, GIF (first frame), AVIF, TIFF, BMP and SVG, up to 32 MiB and 64 million pixels each. A picture
is known by its content where its ending does not say so; files that are none are counted in a warning. Those of a
folder stay where they are, and are read when they are decoded. Pictures keep their own sizes until a Resize. EXIF
orientation is applied. TIFFs of floats in 0…1 are taken as black to white, other floats and integers of 32 bits or with
sign from their smallest to their largest number.`,
  version: 2, // since 2, links are followed, and pictures known by their content
  inputs: {},
  outputs: {
    image: port.image({ shape: ["N", "*", "*"] }),
    name: port.text({ shape: ["N"], doc: "File names without their endings." }),
  },
  params: {
    source: z.enum(["upload", "folder", "url"]).default("upload").meta({ label: "From" }),
    images: z
      .array(upload)
      .max(10_000)
      .default([])
      .meta({ label: "Pictures", widget: "images", rows: "items", when: uploadedOnly }),
    folder: z.string().max(4096).default("").meta({ label: "Folder", placeholder: "/data/pictures", when: folderOnly }),
    urls: z
      .string()
      .max(100_000)
      .default("")
      .meta({ label: "Addresses", widget: "textarea", description: "One per line.", when: urlOnly }),
    damaged: damagedParam,
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
  fingerprint: async ({ host, params }) => (params.source === "folder" ? host.folderStamp(params.folder) : ""),
  async run({ host, params }) {
    const found = params.source === "folder" ? await inFolder(host, params) : await sent(host, params);
    const files = found.filter((file) => file !== undefined);
    if (!files.length) throw Object.assign(new Error("No picture was found."), { hint: readPictures });
    return {
      image: { files },
      name: files.map((file) => (file.name ?? "picture").replace(/^.*\//, "").replace(/\.[^.]+$/, "")),
    };
  },
});

interface LoadParams {
  source: "upload" | "folder" | "url";
  images: z.output<typeof upload>[];
  folder: string;
  urls: string;
  damaged: "stop" | "leave out";
}

async function inFolder(host: Host, { folder, damaged }: LoadParams): Promise<(ImageFile | undefined)[]> {
  const { pictures, others } = await host.listFolder(folder);
  warnOfUnread(host, others);
  const wanted = pictures.map((path) => ({ path }));
  return picturesIn(host, folder, wanted, damaged);
}

/** What was uploaded, or is downloaded. */
function sent(host: Host, { source, images, urls, damaged }: LoadParams): Promise<(ImageFile | undefined)[]> {
  const uploaded = images.map(({ ref, name }): PictureSource => ({ name, read: () => host.get(ref) }));
  const addresses = urls.split("\n").map((address) => address.trim());
  const remote = addresses.filter(Boolean).map((url): PictureSource => ({ name: url, read: () => host.download(url) }));
  return host.importImages(source === "upload" ? uploaded : remote, damaged);
}
