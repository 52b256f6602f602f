import { Cancelled } from "../errors";
import { TaskError } from "./data-threads/task";

/** What went wrong in one of the steps of a stream. */
export class StepError extends Error {
  constructor(
    readonly nodes: readonly string[],
    readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

/** What went wrong in a task, as what went wrong in the step that it was done for. */
export function stepErrorOf(error: unknown): unknown {
  if (!(error instanceof TaskError)) return error;
  return error.cause instanceof Cancelled ? error.cause : new StepError([error.node], error.cause);
}
