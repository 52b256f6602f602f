import { cutText } from "#models/files/text";
import type { PublicError } from "#nodes/graph/events";
import type { Problem } from "#nodes/graph/problem";

/** A failure with a sentence for the person. The cause stays in the log. */
export class Failure extends Error {
  constructor(
    readonly public_: PublicError,
    options?: { cause?: unknown },
  ) {
    super(public_.message, options);
    this.name = "Failure";
  }
}

/** What is wrong with a graph, thrown. */
export const failureOf = ({ message, hint, node, port, param }: Problem): Failure =>
  new Failure({ message, hint, node, port, param });

/** The run was cancelled; no failure, but nothing further may happen. */
export class Cancelled extends Error {
  constructor() {
    super("The run was cancelled.");
    this.name = "Cancelled";
  }
}

const unwritable = {
  message: "The data folder cannot be written.",
  hint: "Check that the folder PATCHBAY_DATA names exists, with the right owner and permissions.",
};
const noDatabase = {
  message: "The database does not answer.",
  hint:
    "Nothing is lost. Wait a moment; " +
    "if it stays away, look at pg.log in the data folder, or at the server DATABASE_URL names.",
};
const noDatabaseSpace = {
  message: "The database's disk is full.",
  hint:
    "Nothing that was stored is lost. " +
    "Free some space where the database keeps its data; what waits is written then.",
};
const systemFailures: Record<string, { message: string; hint: string }> = {
  ENOSPC: {
    message: "The disk is full, so the result could not be stored. Nothing that was stored before is lost.",
    hint: "Free some space in the data folder, then run again; finished nodes come from the cache.",
  },
  EDQUOT: {
    message: "The disk quota is used up, so the result could not be stored.",
    hint: "Free some space in the data folder, then run again.",
  },
  EACCES: unwritable,
  EPERM: unwritable,
  EROFS: unwritable,
  ENOTDIR: unwritable,
  EMFILE: {
    message: "Too many files are open on this machine.",
    hint: "Raise the limit (ulimit -n), or start fewer workers.",
  },
  ENOMEM: { message: "The machine ran out of memory.", hint: "Use a smaller batch or smaller images." },
};

/** What Postgres itself answered, when it did (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const sqlStateOf = (error: unknown): string | undefined =>
  (error as { meta?: { driverAdapterError?: { cause?: { originalCode?: string } } } }).meta?.driverAdapterError?.cause
    ?.originalCode;

/**
 * Whether the database could not be reached or could not work, so that asking again may help; no, when it understood
 * and refused.
 */
export function isAway(error: unknown): boolean {
  const state = sqlStateOf(error);
  const {
    name,
    message,
    code = "",
    meta,
  } = error as Error & { code?: string; meta?: { driverAdapterError?: unknown } };
  if (state) return /^(08|28|3D|40|53|55|57|58)/.test(state);
  if (
    /^P(1\d{3}|2024|2028|2037)$|^ECONN(REFUSED|RESET)$/.test(code) ||
    meta?.driverAdapterError ||
    name === "DriverAdapterError"
  )
    return true;
  return /terminating connection|Connection terminated|connection error|trying to connect|the database system is/.test(
    message,
  );
}

/** Turns whatever was thrown into what a person may read: where, what, what to do. Raw runtime messages stay behind. */
export function toPublic(error: unknown, where: { node?: string; title?: string } = {}): PublicError {
  const { node, title = node } = where;
  if (error instanceof Failure) return { node, ...error.public_ };
  const { code, message = String(error), hint } = error as NodeJS.ErrnoException & { hint?: string };
  const system = code ? systemFailures[code] : undefined;
  if (system) return { node, ...system };
  if (isAway(error)) return { node, ...(sqlStateOf(error) === "53100" ? noDatabaseSpace : noDatabase) };
  if (/^Prisma|^DriverAdapter/.test((error as Error).name))
    return {
      node,
      message: `The database does not take this: ${message.trim().split("\n").at(-1)}`,
      hint: "This is a defect of Patchbay: export the graph and report it.",
    };
  if (/bad_alloc|Failed to allocate memory|Array buffer allocation failed|Invalid (typed )?array length/i.test(message))
    return { node, ...(systemFailures.ENOMEM as PublicError) };
  if (/requires f16 but the device does not support it/.test(message))
    return {
      node,
      message: "This GPU cannot compute in half precision.",
      hint: "Set Precision to float32, or run on the CPU or another GPU.",
    };
  const index = /idx=(-?\d+) must be within the inclusive range \[-?\d+,(-?\d+)\]/.exec(message);
  if (index)
    return {
      node,
      message: `${title ?? "The run"} picks number ${index[1]} of ${Number(index[2]) + 1}, which are numbered from 0.`,
      hint: "Look at the labels or token ids that come in: one is beyond the classes or the vocabulary.",
    };
  // A node's own errors are sentences; the runtime's are not.
  const foreign =
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    /onnxruntime|\[ONNXRuntimeError\]|Non-zero status code|ORT_/i.test(message);
  if (!foreign) return { node, message: message.split("\n", 1)[0] as string, hint };
  return {
    node,
    message: `${title ?? "The run"} failed while computing: ${summary(message)}`,
    hint: "Check the shapes on its wires. If they are right this is a defect of Patchbay: export the graph and report it.",
  };
}

/** The last clause of a runtime message, without file names, codes and addresses. */
function summary(message: string): string {
  const clause = (message.split("\n", 1)[0] as string)
    .replace(/^.*?(?:failed:|Status Message:|Message:)\s*/i, "")
    .replace(/(?:\/?[\w.-]+\/)+[\w.-]+(?::\d+)?/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return cutText(clause, 200, "…") || "no reason was given.";
}
