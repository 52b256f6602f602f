/**
 * Where a registry of templates lies: a folder of this machine, or an address. It has an index and bundles beside it,
 * and is read only where the operator allows it (`PATCHBAY_REGISTRIES`).
 */
import { createReadStream } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import type { Readable } from "node:stream";
import { decodeText } from "#models/files/text";
import { env } from "../env";
import { Failure } from "../errors";
import { getRemote, getRemoteBytes } from "../remote/get";
import { indexName, mostIndexBytes, type RegistryIndex, registryIndex } from "./index-file";

/** The address as it is kept: without a slash at its end. Refused where it is not one that may be subscribed to. */
export async function allowedRegistry(address: string): Promise<string> {
  const trimmed = address.trim().replace(/\/+$/, "");
  if (isFolder(trimmed)) await allowedFolder(trimmed);
  else refuseAddress(trimmed);
  return trimmed;
}

export async function readIndex(address: string): Promise<RegistryIndex> {
  const text = decodeText(await indexBytes(await allowedRegistry(address)));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Failure(
      { message: `The registry's ${indexName} is no JSON.`, hint: "Tell whoever keeps it." },
      { cause },
    );
  }
  const { data, error } = registryIndex.safeParse(json);
  if (data) return data;
  const place = error.issues[0]?.path.join(".") || "its beginning";
  throw new Failure({ message: `The registry's ${indexName} is wrong at ${place}.`, hint: "Tell whoever keeps it." });
}

/** A bundle of the registry, by the name that its index gives: a plain file name, as `registryIndex` has checked. */
export async function openRegistryFile(address: string, file: string): Promise<Readable> {
  const allowed = await allowedRegistry(address);
  if (!isFolder(allowed)) return getRemote(`${allowed}/${encodeURIComponent(file)}`);
  return createReadStream(await fileIn(await allowedFolder(allowed), file));
}

const isFolder = (address: string): boolean => isAbsolute(address);

async function indexBytes(address: string): Promise<Uint8Array> {
  if (!isFolder(address)) return getRemoteBytes(`${address}/${indexName}`, mostIndexBytes);
  const file = await open(await fileIn(await allowedFolder(address), indexName));
  try {
    const { size } = await file.stat();
    if (size > mostIndexBytes) throw new Failure({ message: `The registry's ${indexName} is too large.` });
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function allowedFolder(folder: string): Promise<string> {
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined)
    throw new Failure({ message: `There is no folder ${folder}.`, hint: "Look at its spelling." });
  const allowed = await Promise.all(
    env()
      .registries.filter(isFolder)
      .map((each) => realpath(each).catch(() => undefined)),
  );
  const isIn = allowed.some((each) => each !== undefined && (real === each || real.startsWith(`${each}${sep}`)));
  if (isIn) return real;
  throw notAllowed(folder);
}

/** A file that lies in the folder itself: a link in it does not lead out. */
async function fileIn(folder: string, name: string): Promise<string> {
  const real = await realpath(join(folder, name)).catch(() => undefined);
  if (real?.startsWith(`${folder}${sep}`)) return real;
  throw new Failure({ message: `The registry has no file ${name}.`, hint: "Tell whoever keeps it." });
}

function refuseAddress(address: string): void {
  if (!env().allowRemote)
    throw new Failure({
      message: "This Patchbay reads nothing from the network.",
      hint: "The operator can allow it: PATCHBAY_ALLOW_REMOTE=1.",
    });
  if (!URL.canParse(address) || new URL(address).search || new URL(address).hash) throw notAllowed(address);
  // Written in one way, so that dots and other spellings lead nowhere else.
  const { href } = new URL(`${address}/`);
  const isIn = env().registries.some((each) => URL.canParse(each) && href.startsWith(new URL(withSlash(each)).href));
  if (!isIn) throw notAllowed(address);
}

const withSlash = (address: string): string => (address.endsWith("/") ? address : `${address}/`);

const notAllowed = (address: string): Failure =>
  new Failure({
    message: `${address} is not among the registries that this Patchbay may subscribe to.`,
    hint: "The operator lists them in PATCHBAY_REGISTRIES: folders, and beginnings of addresses.",
  });
