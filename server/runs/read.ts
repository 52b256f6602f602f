import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError, RunStatus } from "#nodes/graph/events";
import type { Db } from "../db";
import { readable } from "../graphs/checked";

const summaryColumns = {
  id: true,
  graphId: true,
  name: true,
  status: true,
  provider: true,
  attempt: true,
  error: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
} as const;

export interface RunSummary {
  id: string;
  graphId: string | null;
  name: string;
  status: RunStatus;
  provider: string | null;
  attempt: number;
  error: PublicError | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** What a run gave, as it is stored. */
export interface RunResult {
  outputs: Record<string, Record<string, { type: string; value: unknown }>>;
  ran: string[];
  cached: string[];
  timings: Record<string, number>;
}

export interface RunDetails extends RunSummary {
  targets: string[];
  starred: boolean;
  tags: string[];
  note: string;
  /** Number of the graph's version that was run. */
  version?: number;
  /** An empty graph where the stored one is broken. */
  document: GraphDocument;
  /** Why the stored graph cannot be read. */
  broken?: string;
  result: RunResult | null;
  artifacts: { id: string; node: string; port: string; type: string; ref: string; name: string }[];
}

/** A run with its graph and its result, or nothing. */
export async function readRun(db: Db, id: string): Promise<RunDetails | undefined> {
  const run = await db.run.findUnique({
    where: { id },
    select: {
      ...summaryColumns,
      targets: true,
      starred: true,
      tags: true,
      note: true,
      document: true,
      result: true,
      version: { select: { number: true } },
      artifacts: { select: { id: true, node: true, port: true, type: true, ref: true, name: true } },
    },
  });
  if (!run) return undefined;
  return {
    ...run,
    version: run.version?.number,
    error: run.error as PublicError | null,
    ...readable(run.document),
    result: run.result as unknown as RunResult | null,
  };
}
