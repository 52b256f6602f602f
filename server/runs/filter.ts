/** Which runs a list shows: by what is known of them, what their graph was set to, and what they gave. */
import * as z from "zod";
import { Prisma } from "../../prisma/generated/client";

const statuses = ["queued", "running", "done", "failed", "cancelled"] as const;
const operators = { "=": "=", "≠": "<>", "<": "<", "≤": "<=", ">": ">", "≥": ">=" } as const;

const condition = z.object({
  /** A parameter as "node.param", or a number that a run gave as "node.port". */
  kind: z.enum(["parameter", "metric"]),
  name: z.string().min(3).max(400).regex(/\./, "it is written as node.name"),
  operator: z.enum(Object.keys(operators) as (keyof typeof operators)[]),
  value: z.string().max(400),
});

export const runFilter = z.object({
  graphId: z.uuid().optional(),
  statuses: z.array(z.enum(statuses)).max(5).optional(),
  /** In names, notes, tags and errors. */
  search: z.string().max(200).optional(),
  tag: z.string().max(60).optional(),
  starred: z.boolean().optional(),
  conditions: z.array(condition).max(8).optional(),
});
export type RunFilter = z.output<typeof runFilter>;
type Condition = z.output<typeof condition>;

/** Runs that belong to no sweep and fit, as a condition of SQL on "Run" as r. */
export function whereFits({ graphId, statuses, search, tag, starred, conditions = [] }: RunFilter): Prisma.Sql {
  const parts = [Prisma.sql`r."sweepId" is null`];
  if (graphId) parts.push(Prisma.sql`r."graphId" = ${graphId}::uuid`);
  if (statuses?.length) parts.push(Prisma.sql`r."status"::text in (${Prisma.join(statuses)})`);
  if (tag) parts.push(Prisma.sql`${tag} = any(r."tags")`);
  if (starred) parts.push(Prisma.sql`r."starred"`);
  if (search?.trim()) parts.push(holds(search.trim()));
  parts.push(...conditions.map(meets));
  return Prisma.join(parts, " and ");
}

function holds(text: string): Prisma.Sql {
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  return Prisma.sql`(r."name" ilike ${pattern} or r."note" ilike ${pattern}
    or array_to_string(r."tags", ' ') ilike ${pattern} or r."error"->>'message' ilike ${pattern})`;
}

function meets({ kind, name, operator, value }: Condition): Prisma.Sql {
  const symbol = Prisma.raw(operators[operator]);
  const text = kind === "metric" ? Prisma.sql`r."numbers"->>${name}` : parameterText(name);
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) return Prisma.sql`(${text}) ${symbol} ${value}`;
  // What is no number is neither smaller nor larger than one.
  return Prisma.sql`(case when (${text}) ~ ${numberPattern} then (${text})::float8 ${symbol} ${number}::float8 end)`;
}

const numberPattern = String.raw`^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$`;

function parameterText(name: string): Prisma.Sql {
  const dot = name.indexOf(".");
  return Prisma.sql`r."document"->'nodes'->${name.slice(0, dot)}->'params'->>${name.slice(dot + 1)}`;
}
