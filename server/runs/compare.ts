import { type Difference, differences } from "#nodes/graph/differences";
import type { PublicError, RunStatus } from "#nodes/graph/events";
import { resolve } from "#nodes/graph/resolve";
import type { Assignment } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import type { Actor } from "../access/actor";
import { visible } from "../access/visible";
import type { Db } from "../db";
import { readable } from "../graphs/checked";
import { numbersIn } from "./numbers";

/** What is known of a run besides its graph and its values. */
export interface RunFacts {
  id: string;
  graphId: string | null;
  name: string;
  status: RunStatus;
  error: PublicError | null;
  provider: string | null;
  attempt: number;
  /** Its sweep, its number there, and what that set. */
  sweepId: string | null;
  number: number | null;
  assignment: Assignment | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  ran: number;
  cached: number;
  /** Number outputs by "node.port". */
  numbers: Record<string, number>;
  /** The nodes that gave something and that nothing reads, as they were asked for. */
  ends: string[];
  files: { node: string; port: string; type: string; ref: string; name: string }[];
  /** Outputs that are texts. */
  texts: { node: string; port: string }[];
}

const select = {
  id: true,
  graphId: true,
  name: true,
  status: true,
  error: true,
  provider: true,
  attempt: true,
  sweepId: true,
  number: true,
  assignment: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
  result: true,
  document: true,
  artifacts: { select: { node: true, port: true, type: true, ref: true, name: true } },
} as const;
interface Result {
  outputs?: Record<string, Record<string, { type: string; value: unknown }>>;
  ran?: string[];
  cached?: string[];
}

/**
 * Some runs side by side, oldest first, and the parameters in which their graphs differ. Those that do not exist any
 * more, or that are not for these eyes, are left out.
 */
export async function compareRuns(
  db: Db,
  actor: Actor,
  ids: readonly string[],
): Promise<{ runs: RunFacts[]; parameters: Difference[] }> {
  const found = await db.run.findMany({
    where: { id: { in: [...ids] }, ...visible(actor).run },
    orderBy: [{ createdAt: "asc" }, { number: "asc" }],
    select,
  });
  const runs = found.map(({ result, document, artifacts, ...run }): RunFacts => {
    const { outputs = {}, ran = [], cached = [] } = (result ?? {}) as Result;
    return {
      ...run,
      error: run.error as PublicError | null,
      assignment: run.assignment as Assignment | null,
      ran: ran.length,
      cached: cached.length,
      numbers: numbersIn(outputs),
      ends: endsOf(document).filter((id) => id in outputs),
      files: artifacts,
      texts: textsIn(outputs),
    };
  });
  return { runs, parameters: differences(found.map(({ document }) => readable(document).document)) };
}

function textsIn(outputs: NonNullable<Result["outputs"]>): RunFacts["texts"] {
  return Object.entries(outputs).flatMap(([node, ports]) =>
    Object.entries(ports).flatMap(([port, { type }]) => (type === "text" ? [{ node, port }] : [])),
  );
}

/** The nodes of a stored graph that feed nothing, whatever composites they lie in. */
function endsOf(document: unknown): string[] {
  const { flat } = resolve(readable(document).document, registry);
  const feeding = new Set(flat.document.wires.map(({ from }) => from.node));
  return Object.keys(flat.document.nodes).filter((id) => !feeding.has(id));
}
