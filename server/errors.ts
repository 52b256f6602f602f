import type { PublicError } from "#nodes/graph/events";
import type { Problem } from "#nodes/graph/problem";
import { explainRuntimeFailure, type FailedStep, isRuntimeFailure } from "./runtime-failures";

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
const systemFailures: Record<string, Omit<PublicError, "node">> = {
  ENOSPC: {
    message: "The disk is full, so the result could not be stored. Nothing that was stored before is lost.",
    hint: "Free some space in the data folder, then run again; finished nodes come from the cache.",
  },
  EDQUOT: {
    message: "The disk quota is used up, so the result could not be stored.",
    hint: "Free some space in the data folder, then run again.",
  },
  EFBIG: {
    message: "The result is larger than files may be on this machine, so it could not be stored.",
    hint: "Raise the limit (ulimit -f), or keep Patchbay's data on a file system that holds larger files.",
  },
  EACCES: unwritable,
  EPERM: unwritable,
  EROFS: unwritable,
  ENOTDIR: unwritable,
  EMFILE: {
    message: "Too many files are open on this machine.",
    hint: "Raise the limit (ulimit -n), or start fewer workers.",
  },
  ENOMEM: { message: "The machine ran out of memory.", hint: "Use a smaller batch or smaller images.", lack: "memory" },
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

/** Turns whatever was thrown into what a person may read: where, what, what to do. Raw messages are in the details. */
export function toPublic(error: unknown, step: FailedStep = {}): PublicError {
  const { node } = step;
  if (error instanceof Failure) return { node, ...error.public_ };
  const { code, message = String(error), hint } = (error ?? {}) as NodeJS.ErrnoException & { hint?: string };
  const system = code ? systemFailures[code] : undefined;
  if (system) return { node, ...system };
  if (error instanceof Error && isAway(error))
    return { node, ...(sqlStateOf(error) === "53100" ? noDatabaseSpace : noDatabase) };
  if (error instanceof Error && /^Prisma|^DriverAdapter/.test(error.name)) return { node, ...refusedByDatabase(error) };
  if (isRuntimeFailure(error)) return explainRuntimeFailure(error, step);
  // A node's own errors are sentences.
  return { node, message: message.split("\n", 1)[0] as string, hint };
}

function refusedByDatabase({ message }: Error): PublicError {
  return {
    message: `The database does not take this: ${message.trim().split("\n").at(-1)}`,
    hint: "Try again; if it is refused again, export the graph (More, Export as JSON) and report it.",
  };
}
