import { cleanText } from "#models/files/text";
import { pathHere } from "../_ui/path-here";

/** Files on their way to the blob store, and where they lie there. */
export interface Uploaded {
  ref: string;
  name: string;
  bytes: number;
}

/** Sends a file to the blob store. Throws what a person may read. */
export async function upload(file: File): Promise<Uploaded> {
  const response = await fetch(pathHere("/api/uploads"), {
    method: "POST",
    body: file,
    headers: { "x-file-name": encodeURIComponent(cleanText(file.name)) },
  }).catch(() => {
    throw new Error(`“${file.name}” could not be sent: Patchbay does not answer.`);
  });
  const answer = (await response.json()) as Uploaded & { message?: string; hint?: string };
  if (!response.ok) throw new Error([answer.message, answer.hint].filter(Boolean).join(" "));
  return answer;
}

/** Where a stored file is read; with a name it is saved under that. */
export const blobUrl = (ref: string, name?: string, folder = "/api/blobs"): string =>
  pathHere(`${folder}/${ref}${name ? `?name=${encodeURIComponent(cleanText(name))}` : ""}`);

/** Where texts that a run gave lie, as a file of one of these kinds. */
export const textFormats = ["jsonl", "csv", "txt"] as const;
export const textsUrl = (run: string, node: string, port: string, format: (typeof textFormats)[number]): string =>
  pathHere(`/api/runs/${[run, "texts", node, port].map(encodeURIComponent).join("/")}?as=${format}`);

/** Where a tensor that a run gave lies, as one file. */
export const tensorUrl = (run: string, node: string, port: string): string =>
  pathHere(`/api/runs/${[run, "tensors", node, port].map(encodeURIComponent).join("/")}`);
