import type { PublicError, RunStatus } from "#nodes/graph/events";
import { Prisma } from "../../prisma/generated/client";
import type { Actor } from "../access/actor";
import { visibleRuns } from "../access/visible";
import type { Db } from "../db";
import { type RunFilter, whereFits } from "./filter";
import type { RunSummary } from "./read";

export interface ListedRun extends RunSummary {
  starred: boolean;
  tags: string[];
  note: string;
  /** The numbers that it gave, by "node.port". */
  numbers: Record<string, number>;
}

/** What a list may be sorted by: a column, or a number that runs gave. */
export interface RunOrder {
  by: "createdAt" | "name" | "status" | "took" | `number:${string}`;
  descending: boolean;
}

export interface Page {
  take: number;
  offset: number;
  order?: RunOrder;
}

const newestFirst: RunOrder = { by: "createdAt", descending: true };

/** Runs that belong to no sweep and fit the filter, newest first or in another order; beyond the end there are none. */
export async function listRuns(
  db: Db,
  actor: Actor,
  filter: RunFilter,
  { take, offset, order }: Page,
): Promise<ListedRun[]> {
  const rows = await db.$queryRaw<Row[]>`
    select r."id", r."graphId", r."name", r."status"::text as status, r."provider", r."attempt", r."error",
      r."createdAt", r."startedAt", r."finishedAt", r."starred", r."tags", r."note", r."numbers"
    from "Run" r where ${whereFits(filter)} and ${visibleRuns(actor)}
    order by ${orderOf(order ?? newestFirst)}, r."createdAt" desc, r."id" desc
    limit ${take} offset ${offset}`;
  return rows.map((row) => ({ ...row, numbers: row.numbers ?? {} }));
}

export async function countRuns(db: Db, actor: Actor, filter: RunFilter): Promise<number> {
  const [row] = await db.$queryRaw<{ count: bigint }[]>`
    select count(*) as count from "Run" r where ${whereFits(filter)} and ${visibleRuns(actor)}`;
  return Number(row?.count ?? 0);
}

type Row = Omit<ListedRun, "numbers" | "error" | "status"> & {
  status: RunStatus;
  error: PublicError | null;
  numbers: Record<string, number> | null;
};

function orderOf({ by, descending }: RunOrder): Prisma.Sql {
  const way = Prisma.raw(descending ? "desc nulls last" : "asc nulls last");
  if (by.startsWith("number:")) return Prisma.sql`(r."numbers"->>${by.slice(7)})::float8 ${way}`;
  const columns: Record<string, Prisma.Sql> = {
    createdAt: Prisma.sql`r."createdAt"`,
    name: Prisma.sql`lower(r."name")`,
    status: Prisma.sql`r."status"`,
    took: Prisma.sql`(r."finishedAt" - r."startedAt")`,
  };
  return Prisma.sql`${columns[by] ?? columns.createdAt} ${way}`;
}

/** What the runs of a list can be told apart by. */
export interface Facets {
  graphs: { id: string; name: string }[];
  tags: string[];
  /** Numbers that runs of late gave, the most frequent first. */
  numbers: string[];
}

export async function runFacets(db: Db, actor: Actor): Promise<Facets> {
  const isVisible = visibleRuns(actor);
  const [graphs, tags, numbers] = await Promise.all([
    db.$queryRaw<{ id: string; name: string }[]>`
      select g."id", g."name" from "Graph" g where g."deletedAt" is null
        and exists (select 1 from "Run" r where r."graphId" = g."id" and r."sweepId" is null and ${isVisible})
      order by g."updatedAt" desc limit 200`,
    db.$queryRaw<{ tag: string }[]>`
      select distinct unnest(r."tags") as tag from "Run" r where r."sweepId" is null and ${isVisible}
      order by tag limit 200`,
    db.$queryRaw<{ name: string }[]>`
      select name, count(*) as times from (
        select r."numbers" from "Run" r where r."sweepId" is null and r."numbers" is not null and ${isVisible}
        order by r."createdAt" desc limit 500
      ) recent, jsonb_object_keys(recent."numbers") name
      group by name order by times desc, name limit 60`,
  ]);
  return { graphs, tags: tags.map(({ tag }) => tag), numbers: numbers.map(({ name }) => name) };
}

/** What people say of a run. */
export interface RunRemarks {
  starred?: boolean;
  tags?: string[];
  note?: string;
}

/** Tags are cut at their edges and are there once. False where there is no such run. */
export async function remarkOn(db: Db, ids: readonly string[], remarks: RunRemarks): Promise<boolean> {
  const tags = remarks.tags && [...new Set(remarks.tags.map((tag) => tag.trim()).filter(Boolean))].sort();
  const { count } = await db.run.updateMany({ where: { id: { in: [...ids] } }, data: { ...remarks, tags } });
  return count > 0;
}
