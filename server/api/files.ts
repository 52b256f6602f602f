/** Files that come with a request: kept in the blob store, and put where their parameter wants them. */
import { choose } from "#nodes/core/chosen";
import { blobs } from "../storage/open";
import { isRef } from "../storage/blobs";
import { Failure } from "../errors";
import type { Json, Parameter } from "./parameters";
import { Refusal } from "./problem";

/** A file in the store, or one that is held for as long as its request takes. */
export interface Kept {
  ref: string;
  name: string;
  bytes: number;
  held?: Uint8Array;
}

/** What a parameter holds of files: a list of pictures, or one file with those that belong to it. */
export async function valueOfFiles(name: string, parameter: Parameter, files: readonly Kept[]): Promise<Json> {
  if (parameter.file === "several") return files.map(({ ref, name: fileName }) => ({ ref, name: fileName }));
  if (parameter.file !== "one")
    throw new Refusal(422, {
      message: `${parameter.title} takes no file.`,
      hint: "Send its value as a field of text.",
      param: name,
    });
  return chooseAmong(parameter, files);
}

async function chooseAmong({ inspect, title }: Parameter, files: readonly Kept[]): Promise<Json> {
  const store = blobs();
  const chosen = files.map(({ ref, name, bytes, held }) => {
    const read = async (start: number, end: number) =>
      held ? Uint8Array.from(held.subarray(start, end)) : store.read(ref, start, end);
    return { path: name, source: { size: bytes, read } };
  });
  const refs = new Map(chosen.map((file, i) => [file.source, files[i]?.ref ?? ""]));
  try {
    return await choose({
      chosen,
      inspect,
      // What was unpacked is stored by itself.
      send: async ({ source }) => refs.get(source as never) ?? store.put(await source.read(0, source.size)),
    });
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    throw new Failure({ message: `${title}: ${message}`, hint: hint ?? "Send another file." }, { cause: error });
  }
}

/** The stored files that a value names. */
export function refsNamedIn(value: Json): string[] {
  const refs: string[] = [];
  JSON.stringify(value, (name, part) => {
    if (name === "ref" && typeof part === "string" && isRef(part)) refs.push(part);
    return part;
  });
  return refs;
}
