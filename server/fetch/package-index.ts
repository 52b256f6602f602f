/** An archive of the Python Package Index, found by its name and checked by its hash. `PIP_INDEX_URL` names another. */
import { createHash } from "node:crypto";
import { Failure } from "../errors";
import type { PackageSource } from "./assets";

export interface Fetching {
  signal: AbortSignal;
  onBytes(done: number, of: number): void;
}

export async function packageArchive(source: PackageSource, { signal, onBytes }: Fetching): Promise<Uint8Array> {
  const address = await addressOf(source, signal);
  const bytes = await readAll(await answerOf(address, signal), source, onBytes);
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (hash === source.sha256) return bytes;
  throw new Failure({
    message: `“${source.archive}” came with other content than is known: its sha256 is ${hash}.`,
    hint: "Fetch it again. If that fails too, the index or a proxy in between is at fault; nothing was kept.",
  });
}

const indexOf = (): string => (process.env.PIP_INDEX_URL || "https://pypi.org/simple").replace(/\/+$/, "");

/** The archive's address, as the package's page in the index links it. */
async function addressOf({ name, archive }: PackageSource, signal: AbortSignal): Promise<string> {
  const page = `${indexOf()}/${name}/`;
  const text = await (await answerOf(page, signal)).text();
  const links = [...text.matchAll(/href\s*=\s*["']([^"']+)["']/gi)].map(([, link]) => link as string);
  const found = links.find((link) => link.split("#")[0]?.endsWith(`/${archive}`));
  if (found) return new URL(found.replaceAll("&amp;", "&"), page).href;
  throw new Failure({ message: `The index has no “${archive}” of ${name}.`, hint: "Check PIP_INDEX_URL." });
}

async function answerOf(address: string, signal: AbortSignal): Promise<Response> {
  const hint = "Check the network, and PIP_INDEX_URL if you use another index.";
  const answer = await fetch(address, { signal }).catch((cause) => {
    if (signal.aborted) throw cause;
    throw new Failure({ message: `${new URL(address).host} does not answer.`, hint }, { cause });
  });
  if (answer.ok) return answer;
  throw new Failure({ message: `${new URL(address).host} answers ${answer.status} for ${address}.`, hint });
}

async function readAll(
  answer: Response,
  { bytes, archive }: PackageSource,
  onBytes: Fetching["onBytes"],
): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes);
  let done = 0;
  for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
    if (done + part.length > bytes)
      throw new Failure({ message: `“${archive}” is longer than the ${bytes} bytes it should have.` });
    whole.set(part, done);
    done += part.length;
    onBytes(done, bytes);
  }
  return whole.subarray(0, done);
}
