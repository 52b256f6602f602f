import type { Preview } from "../core/preview";

/** A failure as a person may see it: a sentence, where, what to do. Internals stay in the worker's log. */
export interface PublicError {
  message: string;
  hint?: string;
  node?: string;
  port?: string;
  param?: string;
  details?: Record<string, string>;
  /** What was missing: people are offered changes that ask for less of it. */
  lack?: "memory";
}

/** A checkpoint of a training that has ended, in the blob store. */
export interface KeptCheckpoint {
  step: number;
  /** The best by the first metric. */
  best: boolean;
  /** The training's loss there, where it has one. */
  loss?: number;
  files: { ref: string; path: string }[];
}

export type RunStatus = "queued" | "running" | "done" | "failed" | "cancelled";

/** What a run tells while it goes on. Stored in order; the canvas is the fold of a run's events. */
export type RunEvent =
  | { kind: "status"; status: RunStatus; error?: PublicError; provider?: string; attempt?: number }
  | { kind: "plan"; run: string[]; cached: string[] }
  | { kind: "node-start"; node: string }
  /** How far it is, with what it has made so far, by port. */
  | { kind: "node-progress"; node: string; done: number; of: number; note?: string; previews?: Record<string, Preview> }
  | { kind: "node-done"; node: string; cached: boolean; ms: number; previews: Record<string, Preview> }
  | { kind: "node-failed"; node: string; error: PublicError }
  | { kind: "node-skipped"; node: string }
  /** Belongs to the node's result, and is told again with it; `passing`: belongs to this run alone. */
  | { kind: "warning"; node?: string; message: string; passing?: boolean }
  /**
   * One training step. After `resumed` at step s, and after a point of step s, points with a later step are to be
   * forgotten.
   */
  | { kind: "metric"; node: string; step: number; values: Record<string, number> }
  | { kind: "resumed"; node: string; step: number }
  /** After this step of a training, so many steps go through the data once. */
  | { kind: "epochs"; node: string; after: number; steps: number }
  /** A training was stopped, and keeps what it has: that may take longer than a step. */
  | { kind: "stopping"; node: string }
  /** From this step of a training another one can go on. */
  | ({ kind: "checkpoint"; node: string } & KeptCheckpoint)
  /** The most memory that the computing process held since the last such event, and what was computed meanwhile. */
  | { kind: "memory"; nodes: string[]; bytes: number }
  /** Frozen nodes before a trainer ran once for each row, and what they gave is kept. */
  | { kind: "hoisted"; node: string; nodes: string[]; rows: number; bytes: number };

/** An event, and when it was told (milliseconds since 1970). */
export type TimedEvent = RunEvent & { at?: number };
