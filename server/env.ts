import { join, resolve } from "node:path";
import * as z from "zod";

// Every process is started in the project's folder, by npm or by scripts/start.mjs; a bundler moves modules, so their place says nothing.
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

const schema = z.object({
  // Hidden from the bundler, which would otherwise take whatever lies in that folder for a part of the program, and stop at links that lead out of it.
  /** Where everything that must last lies: database, blobs, checkpoints of running trainings; and the cache, which need not. */
  PATCHBAY_DATA: z
    .string()
    .min(1)
    .default(join(/* turbopackIgnore: true */ root, ".data"))
    .transform((path) => resolve(path)),
  /** A Postgres server; without it, the embedded one. */
  DATABASE_URL: z.string().optional(),
  /** Folders from which data nodes may read, separated by commas. */
  PATCHBAY_FOLDERS: list,
  /** "1" lets graphs download pictures. */
  PATCHBAY_ALLOW_REMOTE: z
    .enum(["0", "1"])
    .default("0")
    .transform((v) => v === "1"),
});

export interface Env {
  root: string;
  data: string;
  databaseUrl?: string;
  folders: string[];
  allowRemote: boolean;
}

/** The settings, read from the environment. A bad one is named, with what is allowed. */
export function env(from: Record<string, string | undefined> = process.env): Env {
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(from).filter(([, value]) => value !== ""))); // set to nothing is not set
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
  };
}
