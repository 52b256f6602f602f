import { join } from "node:path";
import { pathInFolder } from "#models/onnx/import/external";
import { type ModelMap, scan } from "#models/onnx/import/scan";
import type { OnnxRequest } from "#nodes/core/host";
import { Failure } from "../../errors";
import { BlobMissing, type Blobs } from "../../storage/blobs";
import { openSource } from "../../storage/file-source";
import { withLinks } from "../model-files";

/**
 * Gives `use` the path of a model: of the blob itself, or, where weights lie in other files, in a folder that has these
 * under the names that the model calls them. Every place that the model points to is checked before.
 */
export async function withPlacedModel<T>(
  { ref, files }: Files,
  blobs: Blobs,
  use: (path: string) => Promise<T>,
): Promise<T> {
  await checkPlaces({ ref, files }, blobs);
  if (!files.length) return use(blobs.path(ref));
  const name = nameBesideOf(ref);
  return withLinks(blobs, [{ path: name, ref }, ...files], (folder) => use(join(folder, name)));
}

/** What the model is called beside files whose names are its own affair. */
const nameBesideOf = (ref: string): string => `${ref}.onnx`;

/** What the model and the files beside it take together. */
export async function bytesOf({ ref, files }: Files, blobs: Blobs): Promise<number> {
  const sizes = await Promise.all([ref, ...files.map((file) => file.ref)].map((one) => blobs.size(one)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

type Files = Pick<OnnxRequest, "ref" | "files">;

/** What a stranger's file points to must be among the files that came with it, and end within them. */
async function checkPlaces({ ref, files }: Files, blobs: Blobs): Promise<void> {
  const { external } = await scanBlob(ref, blobs);
  const sizes = new Map<string, number>();
  for (const file of files) {
    const path = pathInFolder({ tensor: "", location: file.path });
    if (path !== file.path || path === nameBesideOf(ref)) throw misplaced(path);
    sizes.set(path, await blobs.size(file.ref));
  }
  for (const tensor of external) {
    const size = sizes.get(pathInFolder(tensor));
    if (size === undefined)
      throw new Failure({
        message: `The weights lie in ${pathInFolder(tensor)}, which was not uploaded with the model.`,
        hint: "Upload the model again, together with that file.",
      });
    if (tensor.offset + (tensor.length ?? 0) > size)
      throw new Failure({
        message: `The tensor “${tensor.tensor}” ends beyond ${tensor.location}, which has ${size} bytes.`,
        hint: "The two files do not belong together, or one was cut off. Export or download them again.",
      });
  }
}

const misplaced = (path: string): Failure =>
  new Failure({ message: `“${path}” is no name for a file beside a model.`, hint: "Upload the model again." });

async function scanBlob(ref: string, blobs: Blobs): Promise<ModelMap> {
  const source = await openSource(blobs.path(ref));
  if (!source) throw new BlobMissing(ref);
  try {
    return await scan(source);
  } finally {
    await source.close();
  }
}
