/** The body of a request for a run: JSON, or a form with files, which go to the store as they arrive. */
import type { Readable } from "node:stream";
import busboy from "busboy";
import { cleanText, cutFileName } from "#models/files/text";
import { limits } from "#nodes/graph/document";
import { requestProblem } from "#nodes/graph/parse";
import { failureOf } from "../errors";
import { BlobTooLarge, sha256 } from "../storage/blobs";
import { blobs } from "../storage/open";
import type { Kept } from "./files";
import { Refusal } from "./problem";
import type { Asked } from "./route";

/** Most of a form's bytes, and of its parts. */
const most = { bytes: 4 * 2 ** 30, files: 10_000, fields: 500 };

export interface Body {
  /** The JSON; of a form, that of its field `request`. */
  json: unknown;
  /** A form's other fields: values of parameters as texts. */
  fields: ReadonlyMap<string, string>;
  /** A form's files, by the parameter they are for. */
  files: ReadonlyMap<string, readonly Kept[]>;
}

/** Where a form's files go while they arrive; `BlobTooLarge` beyond so many bytes. */
export type KeepFile = (stream: Readable, mostBytes: number) => Promise<Omit<Kept, "name">>;

const toStore: KeepFile = (stream, mostBytes) => blobs().putStream(stream, mostBytes);

/** Keeps no more in the store than there is room for. */
export const toStoreWithin =
  (room: number): KeepFile =>
  (stream, mostBytes) =>
    toStore(stream, Math.min(mostBytes, room));

/** Most bytes of files that are held in memory for a call that is answered at once. */
const mostHeld = 64 * 2 ** 20;

/** Holds a file until the request has been answered. */
export const inMemory: KeepFile = async (stream, mostBytes) => {
  const most = Math.min(mostBytes, mostHeld);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > most) throw new BlobTooLarge(most);
    parts.push(part);
  }
  const held = Buffer.concat(parts);
  return { ref: sha256(held), bytes, held };
};

/** The same body with its files in the store. */
export async function withStoredFiles(body: Body): Promise<Body> {
  const stored = [...body.files].map(async ([name, files]) => {
    await Promise.all(files.map(({ held }) => held && blobs().put(held)));
    return [name, files.map(({ held: _, ...file }) => file)] as const;
  });
  return { ...body, files: new Map(await Promise.all(stored)) };
}

/** A request whose body was not read yet. */
export type Unread = Pick<Asked<unknown, unknown>, "request" | "body">;

export async function readBody(unread: Unread, keep: KeepFile = toStore): Promise<Body> {
  const type = unread.request.headers.get("content-type") ?? "";
  if (/^multipart\/form-data\b/i.test(type)) return readForm(unread, keep);
  const text = await readText(unread);
  if (text && !/^application\/([\w.-]+\+)?json\b/i.test(type))
    throw new Refusal(415, {
      message: "The body of the request is neither JSON nor a form.",
      hint: "Send “Content-Type: application/json”, or multipart/form-data with files.",
    });
  return { json: text.trim() ? parsed(text) : {}, fields: new Map(), files: new Map() };
}

/** JSON, unless names occur twice in it or it is nested beyond reason. */
export function parsed(text: string): unknown {
  const problem = requestProblem(text);
  if (problem) throw new Refusal(400, failureOf(problem).public_);
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    throw new Refusal(400, { message: `This is no JSON: ${message}.`, hint: "Send the body as JSON." });
  }
}

export async function readText({ request, body }: Unread, mostBytes: number = limits.bytes): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > mostBytes) throw tooLarge(mostBytes);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body() as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > mostBytes) throw tooLarge(mostBytes);
    parts.push(part);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw new Refusal(400, { message: "The body of the request is no UTF-8 text.", hint: "Send JSON as UTF-8." });
  }
}

function tooLarge(mostBytes: number): Refusal {
  return new Refusal(413, {
    message: `The request has more than ${Math.round(mostBytes / 2 ** 20)} MiB.`,
    hint: "Send files to /api/v1/files first, and name them in the parameters.",
  });
}

async function readForm({ request, body }: Unread, keep: KeepFile): Promise<Body> {
  if (Number(request.headers.get("content-length") ?? 0) > most.bytes) throw tooLarge(most.bytes);
  const form = new FormReader(openForm(request), keep);
  body().on("error", form.fail).pipe(form.parser);
  return form.whole();
}

function openForm(request: Request): busboy.Busboy {
  try {
    return busboy({
      headers: { "content-type": request.headers.get("content-type") ?? "" },
      defParamCharset: "utf8",
      limits: { fieldSize: limits.bytes, fields: most.fields, files: most.files, fieldNameSize: 300 },
    });
  } catch {
    throw new Refusal(400, { message: "The form has no boundary.", hint: "Let the HTTP library write the form." });
  }
}

/** Reads a form part by part. */
class FormReader {
  readonly #fields = new Map<string, string>();
  readonly #files = new Map<string, Promise<Kept>[]>();
  #left = most.bytes;
  #error: unknown;

  constructor(
    readonly parser: busboy.Busboy,
    readonly keep: KeepFile,
  ) {
    parser.on("field", (name, value, { valueTruncated, nameTruncated }) => {
      if (valueTruncated || nameTruncated) this.fail(tooLarge(limits.bytes));
      this.#fields.set(name, value);
    });
    parser.on("file", (name, stream, { filename }) => this.#keep(name, stream, filename));
    for (const limit of ["filesLimit", "fieldsLimit", "partsLimit"] as const)
      parser.on(limit, () => this.fail(tooMany()));
  }

  readonly fail = (error: unknown): void => {
    this.#error ??= error;
    this.parser.destroy();
  };

  async whole(): Promise<Body> {
    await new Promise<void>((resolve) => {
      this.parser.on("close", resolve);
      this.parser.on("error", (error) => {
        this.#error ??= error;
        resolve();
      });
    });
    const files = new Map<string, Kept[]>();
    const kept = await Promise.allSettled([...this.#files].map(([name, each]) => this.#all(name, each, files)));
    const failed = kept.find((each) => each.status === "rejected");
    if (this.#error ?? failed) throw formProblem(this.#error ?? failed?.reason);
    const json = this.#fields.get("request");
    this.#fields.delete("request");
    return { json: json === undefined ? {} : parsed(json), fields: this.#fields, files };
  }

  async #all(name: string, each: readonly Promise<Kept>[], into: Map<string, Kept[]>): Promise<void> {
    into.set(name, await Promise.all(each));
  }

  #keep(name: string, stream: Readable, filename: string | undefined): void {
    const kept = this.#store(stream, nameOf(filename));
    kept.catch(this.fail);
    this.#files.set(name, [...(this.#files.get(name) ?? []), kept]);
  }

  async #store(stream: Readable, name: string): Promise<Kept> {
    const kept = await this.keep(stream, this.#left);
    this.#left -= kept.bytes;
    if (!kept.bytes) throw new Refusal(400, { message: `“${name}” is empty.`, hint: "Send another file." });
    return { ...kept, name };
  }
}

/** A file's name without folders, and without what no file system takes. */
export function nameOf(filename: string | undefined): string {
  const plain = cleanText((filename ?? "").replace(/[\u0000-\u001f]/g, "_"));
  return cutFileName(plain.replace(/^.*[/\\]/, ""), 200) || "file";
}

function tooMany(): Refusal {
  return new Refusal(413, {
    message: `The form has more than ${most.files} files or ${most.fields} fields.`,
    hint: "Send several requests.",
  });
}

/** What is wrong with a form; what is wrong with the disk is not the form's fault. */
function formProblem(error: unknown): unknown {
  if (error instanceof BlobTooLarge) return tooLarge(error.maxBytes);
  if (error instanceof Refusal || ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? ""))
    return error;
  return new Refusal(400, {
    message: `The form cannot be read: ${(error as Error).message}.`,
    hint: "Let the HTTP library write the form.",
  });
}
