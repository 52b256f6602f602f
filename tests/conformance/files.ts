/** Files of the set, read: its parts besides models lie in folders of their own. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setFolder } from "./set";
import { readSafetensors, type StoredTensor, toFloat32 } from "#models/files/safetensors";

/** The folders in a part of the set that hold answers; none where the set lacks the part. */
export function foldersOf(part: string): string[] {
  const folder = join(setFolder, part);
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

export const readJson = <T>(...path: string[]): T => JSON.parse(readFileSync(join(...path), "utf8")) as T;

/** The numbers of a safetensors file, by name; integers too. */
export function readNumbers(...path: string[]): Map<string, { shape: readonly number[]; data: number[] }> {
  const { tensors } = readSafetensors(readFileSync(join(...path)));
  return new Map([...tensors].map(([name, stored]) => [name, { shape: stored.shape, data: numbersOf(name, stored) }]));
}

function numbersOf(name: string, { dtype, data }: StoredTensor): number[] {
  if (dtype !== "I64") return Array.from(toFloat32({ dtype, data }, name));
  return Array.from(new BigInt64Array(data.slice().buffer), Number);
}
