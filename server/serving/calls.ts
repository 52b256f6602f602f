/** What the web process and the one that serves tell each other of a call. */
import type { PublicError } from "#nodes/graph/events";
import type { Assignment } from "#nodes/graph/sweep";

/** A call of a served graph. The bytes behind the message are its files, one behind the other. */
export interface Call {
  kind: "call";
  /** Its number on this connection. */
  number: number;
  /** The id that it is known by. */
  id: string;
  graphId: string;
  versionId: string;
  /** The outputs that are asked for, as "node.port". */
  outputs: readonly string[];
  values: Assignment;
  files: readonly { ref: string; bytes: number }[];
}

/** Whoever asked is gone. */
export interface Gone {
  kind: "gone";
  number: number;
}
export type ToServing = { kind: "hello"; secret: string } | Call | Gone;

/** How a call ended. The bytes behind "done" are the outputs as the API tells them: JSON. */
export type FromServing =
  | { kind: "done"; number: number; ms: number; rows: number }
  | { kind: "failed"; number: number; ms: number; error: PublicError }
  /** There is too much to do: ask again in so many seconds. */
  | { kind: "busy"; number: number; seconds: number };

/** Where the serving process listens: a file of the data folder says so. */
export interface ServingPlace {
  port: number;
  secret: string;
}
export const servingFile = "serving.json";
