import type { PublicError } from "#nodes/graph/events";

/** A failure with a sentence for the person. The cause stays in the log. */
export class Failure extends Error {
  constructor(readonly public_: PublicError, options?: { cause?: unknown }) {
    super(public_.message, options);
    this.name = "Failure";
  }
}

/** The run was cancelled; no failure, but nothing further may happen. */
export class Cancelled extends Error {
  constructor() {
    super("The run was cancelled.");
    this.name = "Cancelled";
  }
}

const unwritable = { message: "The data folder cannot be written.", hint: "Check that the folder PATCHBAY_DATA names exists, with the right owner and permissions." };
const noDatabase = { message: "The database does not answer.", hint: "Nothing is lost. Wait a moment; if it stays away, look at pg.log in the data folder, or at the server DATABASE_URL names." };
const systemFailures: Record<string, { message: string; hint: string }> = {
  ENOSPC: { message: "The disk is full, so the result could not be stored. Nothing that was stored before is lost.", hint: "Free some space in the data folder, then run again; finished nodes come from the cache." },
  EDQUOT: { message: "The disk quota is used up, so the result could not be stored.", hint: "Free some space in the data folder, then run again." },
  EACCES: unwritable,
  EPERM: unwritable,
  EROFS: unwritable,
  ENOTDIR: unwritable,
  ECONNREFUSED: noDatabase,
  ECONNRESET: noDatabase,
  EMFILE: { message: "Too many files are open on this machine.", hint: "Raise the limit (ulimit -n), or start fewer workers." },
  ENOMEM: { message: "The machine ran out of memory.", hint: "Use a smaller batch or smaller images." },
};

/** Turns whatever was thrown into what a person may read: where, what, what to do. Raw runtime messages stay behind. */
export function toPublic(error: unknown, where: { node?: string; title?: string } = {}): PublicError {
  const { node, title = node } = where;
  if (error instanceof Failure) return { node, ...error.public_ };
  const { code, message = String(error), hint } = error as NodeJS.ErrnoException & { hint?: string };
  const system = code ? systemFailures[code] : undefined;
  if (system) return { node, ...system };
  if (/^(Prisma|DriverAdapter)/.test((error as Error).name) || /terminating connection|Connection terminated|the database system is/.test(message)) return { node, ...noDatabase };
  if (/bad_alloc|Failed to allocate memory|Array buffer allocation failed/i.test(message)) return { node, ...(systemFailures.ENOMEM as PublicError) };
  if (/requires f16 but the device does not support it/.test(message)) return { node, message: "This GPU cannot compute in half precision.", hint: "Set Precision to float32, or run on the CPU or another GPU." };
  // A node's own errors are sentences; the runtime's are not.
  const foreign = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError || /onnxruntime|\[ONNXRuntimeError\]|Non-zero status code|ORT_/i.test(message);
  if (!foreign) return { node, message: message.split("\n", 1)[0] as string, hint };
  return { node, message: `${title ?? "The run"} failed while computing: ${summary(message)}`, hint: "Check the shapes on its wires. If they are right this is a defect of Patchbay: export the graph and report it." };
}

/** The last clause of a runtime message, without file names, codes and addresses. */
const summary = (message: string): string => (message.split("\n", 1)[0] as string).replace(/^.*?(?:failed:|Status Message:|Message:)\s*/i, "").replace(/(?:\/?[\w.-]+\/)+[\w.-]+(?::\d+)?/g, "").replace(/\s+/g, " ").trim().slice(0, 200) || "no reason was given.";
