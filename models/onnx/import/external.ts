/**
 * Weights in other files: where they may lie, and how they are read.
 * https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
 */
import { cutText } from "../../files/text";
import { OnnxError } from "./error";
import type { Source } from "./fields";
import type { ExternalData } from "./scan";

/** Finds the file of a location, a path from the folder of the model. */
export type Beside = (location: string) => Promise<Source | undefined>;

export const nothingBeside: Beside = async () => undefined;

/**
 * The path of another file within the folder of the model, its parts joined by "/". Throws for what leads out of it,
 * and for what means more to a file system or to ONNX Runtime than a name.
 */
export function pathInFolder({ tensor, location }: Pick<ExternalData, "tensor" | "location">): string {
  const parts = location.split("/").filter((part) => part !== ".");
  const isPlain = (part: string) => part !== "" && part !== ".." && !/[\\:*?"<>|]/.test(part) && !hasControl(part);
  if (parts.length > 0 && parts.length <= 16 && location.length <= 512 && parts.every(isPlain)) return parts.join("/");
  throw new OnnxError(
    `The tensor “${tensor}” lies in “${cutText(location, 80, "…")}”, which is no file in the folder of the model.`,
    "Only weights in the model's own folder are read. Export the model again.",
  );
}

const hasControl = (text: string): boolean => [...text].some((letter) => letter < " " || letter === "\u007f");

/** Bytes of a tensor that lies in another file, which must hold as many. */
export async function readExternal(external: ExternalData, bytes: number, beside: Beside): Promise<Uint8Array> {
  const source = await fileOf(external, beside);
  checkBounds(external, bytes, source.size);
  const { offset } = external;
  const found = await source.read(offset, offset + bytes);
  if (found.length !== bytes) throw tooShort(external, bytes, source.size);
  return found;
}

/** The file that a tensor lies in. */
export async function fileOf(external: ExternalData, beside: Beside): Promise<Source> {
  const path = pathInFolder(external);
  const source = await beside(path);
  if (source) return source;
  throw new OnnxError(
    `The weights lie in ${path}: choose it together with the model.`,
    "Choose or drop both files, their folder, or a .zip of it.",
  );
}

/** Checks that a tensor of so many bytes lies within a file of the given size. */
export function checkBounds(external: ExternalData, bytes: number, size: number): void {
  const { offset, length = bytes } = external;
  if (length !== bytes)
    throw new OnnxError(`The tensor “${external.tensor}” takes ${bytes} bytes, and the file says ${length}.`);
  if (offset + bytes > size) throw tooShort(external, bytes, size);
}

function tooShort({ tensor, location, offset }: ExternalData, bytes: number, size: number): OnnxError {
  return new OnnxError(
    `The tensor “${tensor}” takes ${bytes} bytes from byte ${offset} of ${location}, and that file has ${size}.`,
    "The two files do not belong together, or one was cut off. Export or download them again.",
  );
}
