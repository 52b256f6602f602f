import { join, resolve } from "node:path";
import * as z from "zod";

// Every process is started in the project's folder, by npm or by scripts/start.mjs; a bundler moves modules, so their
// place says nothing.
const root = process.cwd();
const list = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((p) => p.trim())
      .filter(Boolean),
  );

const units = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
/** An amount of bytes, such as 8G, 500 MB or 1.5GiB; units are powers of 1024. */
export const amount = z
  .string()
  .trim()
  .regex(/^\d+(\.\d+)?\s*([kmgt]?i?b?)$/i, "an amount such as 8G or 500M was expected")
  .transform((text) => {
    const unit = /[kmgt]/i.exec(text)?.[0].toLowerCase() as keyof typeof units | undefined;
    return Math.floor(Number.parseFloat(text) * (unit ? units[unit] : 1));
  });

const schema = z.object({
  // Hidden from the bundler, which would otherwise take whatever lies in that folder for a part of the program, and
  // stop at links that lead out of it.
  /**
   * Where everything that must last lies: database, blobs, checkpoints of running trainings; and the cache, which need
   * not.
   */
  PATCHBAY_DATA: z
    .string()
    .min(1)
    .default(join(/* turbopackIgnore: true */ root, ".data"))
    .transform((path) => resolve(path)),
  /** A Postgres server; without it, the embedded one. */
  DATABASE_URL: z.string().optional(),
  /** Folders from which data nodes may read, separated by commas. */
  PATCHBAY_FOLDERS: list,
  /** "1" lets graphs download pictures, and models of the Hugging Face hub. */
  PATCHBAY_ALLOW_REMOTE: z
    .enum(["0", "1"])
    .default("0")
    .transform((v) => v === "1"),
  /** Registries of templates that may be subscribed to: folders, and beginnings of addresses. */
  PATCHBAY_REGISTRIES: list,
  /** Hosts of this machine or the net around it that may be read from all the same. */
  PATCHBAY_PRIVATE_HOSTS: list,
  /** How much memory runs may hold; by default half of what there is. */
  PATCHBAY_MEMORY: amount.optional(),
  /**
   * How much a chunk of rows may have where it is widest. Some four of them are on their way at once: one that is made,
   * one that waits, one that a model runs on, and what it gives.
   */
  PATCHBAY_CHUNK: amount.pipe(z.number().min(1, "more than nothing was expected")).optional(),
  /** How many threads a model computes with; by default one for each core that the process may use. */
  PATCHBAY_THREADS: z.coerce.number().int().min(1, "a whole number from 1 was expected").optional(),
  /** How many bytes what can be made again may take; by default 50 GB or a fifth of the free space. */
  PATCHBAY_DISK: amount.optional(),
  /** "1" asks people to sign in, and keeps apart what belongs to whom. */
  PATCHBAY_ACCOUNTS: z
    .enum(["0", "1"])
    .default("0")
    .transform((v) => v === "1"),
  /** Under which address people reach Patchbay, where that is another than it listens on: that of a proxy. */
  PATCHBAY_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: "an address such as https://patchbay.example.org" })
    .optional(),
});

export interface Env {
  root: string;
  data: string;
  databaseUrl?: string;
  folders: string[];
  allowRemote: boolean;
  registries: string[];
  /** In small letters. */
  privateHosts: string[];
  /** Bytes that runs may hold. */
  memory?: number;
  /** Bytes that a chunk of rows may have where it is widest. */
  chunk: number;
  /** Threads that a model computes with. */
  threads?: number;
  /** Bytes that what can be made again may take on the disk. */
  disk?: number;
  /** Whether people have accounts. */
  accounts: boolean;
  /** The address of the proxy that people see, without a slash at its end. */
  publicUrl?: string;
  /** The path of that address below which Patchbay lies, such as "/patchbay"; "" at the root. */
  basePath: string;
}

const names = Object.keys(schema.shape);
let last: { given: string; settings: Env } | undefined;

/** The settings, read from the environment. A bad one is named, with what is allowed. */
export function env(from: Record<string, string | undefined> = process.env): Env {
  // Set to nothing is not set. They are asked for with every file that is read, and checked when one is another.
  const set = names.flatMap((name) => (from[name] ? [[name, from[name]] as const] : []));
  const given = JSON.stringify(set);
  if (last?.given !== given) last = { given, settings: settingsOf(Object.fromEntries(set)) };
  return last.settings;
}

function settingsOf(set: Record<string, string | undefined>): Env {
  const parsed = schema.safeParse(set);
  if (!parsed.success)
    throw Object.assign(
      new Error(`The setting ${parsed.error.issues[0]?.path.join(".")} is wrong: ${parsed.error.issues[0]?.message}.`),
      { hint: "The README lists the settings." },
    );
  const v = parsed.data;
  return {
    root,
    data: v.PATCHBAY_DATA,
    databaseUrl: v.DATABASE_URL,
    folders: v.PATCHBAY_FOLDERS,
    allowRemote: v.PATCHBAY_ALLOW_REMOTE,
    registries: v.PATCHBAY_REGISTRIES,
    privateHosts: v.PATCHBAY_PRIVATE_HOSTS.map((host) => host.toLowerCase()),
    memory: v.PATCHBAY_MEMORY,
    chunk: v.PATCHBAY_CHUNK ?? 16 * 2 ** 20,
    threads: v.PATCHBAY_THREADS,
    disk: v.PATCHBAY_DISK,
    accounts: v.PATCHBAY_ACCOUNTS,
    publicUrl: v.PATCHBAY_PUBLIC_URL?.replace(/\/+$/, ""),
    basePath: new URL(v.PATCHBAY_PUBLIC_URL ?? "http://localhost").pathname.replace(/\/+$/, ""),
  };
}
