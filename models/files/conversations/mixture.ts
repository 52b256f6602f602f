/**
 * Mixtures of data sets as LLaVA-NeXT's trainings name them: a YAML file with a list of files, and what is taken of
 * each (llava/train/train.py).
 */
import { drawnPlaces } from "../choose-rows";
import { TableError } from "../table-file";

export interface MixtureEntry {
  path: string;
  strategy: Strategy;
}

/** What is taken of a file: all of its rows, the first, the last, or some at random. */
export type Strategy = { take: "all" } | { take: "first" | "end" | "random"; amount: number; unit: "rows" | "percent" };

/** How strategies are read: as they say, or as LLaVA's own loader does, which takes everything for `end:0`. */
export type StrategyReading = "strict" | "as LLaVA";

/** A mixture's text, and how many others it may refer to: what a stranger's file may claim. */
const limits = { bytes: 2 ** 20, entries: 10_000, aliases: 100 };

/**
 * Reads a mixture: its entries, or in the place of one what is wrong with it. Throws a `TableError` where it is none.
 */
export async function mixtureIn(text: string, reading: StrategyReading): Promise<(MixtureEntry | string)[]> {
  if (text.length > limits.bytes)
    throw wrongMixture([`It has ${text.length} letters, and ${limits.bytes} are the limit`]);
  const entries = ((await yamlIn(text)) as { datasets?: unknown } | null)?.datasets;
  if (!Array.isArray(entries) || !entries.length) throw wrongMixture(["It has no list “datasets”"]);
  if (entries.length > limits.entries)
    throw wrongMixture([`It names ${entries.length} files, and ${limits.entries} are the limit`]);
  return entries.map((entry: unknown) => {
    try {
      return entryIn(entry, reading);
    } catch (error) {
      return (error as Error).message;
    }
  });
}

/** Everything that is wrong with a mixture, in one error. */
export const wrongMixture = (complaints: readonly string[]): TableError =>
  new TableError(
    `${complaints.slice(0, 10).join("; ")}${complaints.length > 10 ? `; and ${complaints.length - 10} more` : ""}.`,
    "A mixture is a list “datasets” of a json_path and a sampling_strategy: all, first:1000, end:10% or random:5%.",
  );

async function yamlIn(text: string): Promise<unknown> {
  const { parse } = await import("yaml"); // a browser, which reads no mixtures, does not load it
  try {
    return parse(text, { maxAliasCount: limits.aliases, logLevel: "error" });
  } catch (error) {
    const [reason = ""] = (error as Error).message.split("\n");
    throw wrongMixture([`It is no YAML: ${reason.replace(/[.:]$/, "")}`]);
  }
}

function entryIn(value: unknown, reading: StrategyReading): MixtureEntry {
  const entry = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const { json_path: path, sampling_strategy: strategy = "all" } = entry;
  if (typeof path !== "string" || !path) throw new Error("it has no json_path");
  if (strategy !== null && typeof strategy !== "string") throw new Error("its sampling_strategy is no text");
  return { path, strategy: strategyIn(strategy ?? "all", reading) };
}

/** Reads a strategy. Throws a sentence's end where it is none. */
export function strategyIn(text: string, reading: StrategyReading): Strategy {
  const written = text.trim();
  if (written === "all" || written === "") return { take: "all" };
  const [, take, digits, percent] = /^(first|end|random):(\d{1,15})(%?)$/.exec(written) ?? [];
  if (take === undefined)
    throw new Error(`“${written.slice(0, 60)}” is no strategy: all, first:N, end:N and random:N are, and shares as N%`);
  const amount = Number(digits);
  if (take === "end" && amount === 0) {
    if (reading === "as LLaVA") return { take: "all" };
    throw new Error(`“${written}” takes nothing by its words, and everything in LLaVA's own loader`);
  }
  return { take: take as "first" | "end" | "random", amount, unit: percent ? "percent" : "rows" };
}

/** How many rows of so many a strategy takes; shares are rounded up. */
export function takenBy(strategy: Strategy, rows: number): number {
  if (strategy.take === "all") return rows;
  const { amount, unit } = strategy;
  return Math.min(rows, unit === "rows" ? amount : Math.ceil((amount * rows) / 100));
}

/** The rows that a strategy takes, in the order of the file; nothing where it takes all. */
export function rowsOf(strategy: Strategy, rows: number, below: (limit: number) => number): Uint32Array | undefined {
  const count = takenBy(strategy, rows);
  if (count === rows) return undefined;
  if (strategy.take === "random") return drawnPlaces(count, rows, below);
  const first = strategy.take === "end" ? rows - count : 0;
  return Uint32Array.from({ length: count }, (_, i) => first + i);
}
