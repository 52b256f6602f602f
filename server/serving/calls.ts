/** A call of a served graph, and how it ends: what the API says to the process that serves, which answers both. */
import type { PublicError } from "#nodes/graph/events";
import type { Assignment } from "#nodes/graph/sweep";

export interface Call {
  /** The id that it is known by. */
  id: string;
  graphId: string;
  versionId: string;
  /** The outputs that are asked for, as "node.port". */
  outputs: readonly string[];
  values: Assignment;
  /** The files that came with it, by what the values call them. */
  files: ReadonlyMap<string, Uint8Array>;
}

/** What became of a call; the outputs as the API tells them: JSON. */
export type Ended = { ms: number; rows: number } & ({ outputs: string } | { error: PublicError });

/** Answers a call, until nobody waits any more. Throws `Busy` where there is too much to do. */
export type AnswerCall = (call: Call, gone: AbortSignal) => Promise<Ended>;

/** There is too much to do: ask again in so many seconds. */
export class Busy extends Error {
  constructor(readonly seconds: number) {
    super("There is too much to do.");
  }
}

/** Where the process that serves listens: a file of the data folder says so, to the web process. */
export interface ServingPlace {
  port: number;
  secret: string;
}
export const servingFile = "serving.json";
/** The header by which the web process shows that it read that file. */
export const secretHeader = "x-patchbay-serving";
