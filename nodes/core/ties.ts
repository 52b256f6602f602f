/** What tied names are: the name of the tensor that stands for another. */
import { listOf, matches } from "#models/patterns";
import type { Tie, Weights } from "./values";

/** The name that a parameter is kept under, and whether it lies the other way round there. */
export function tiedTo(name: string, ties: NonNullable<Weights["ties"]>): { name: string; transposed: boolean } {
  const tie = ties.find((candidate) => isTied(name, candidate));
  if (!tie) return { name, transposed: false };
  return { name: tie.to.replace("*", () => starIn(name, tie.name)), transposed: tie.transposed };
}

function isTied(name: string, tie: Tie): boolean {
  return matches(name, [tie.name]) && !matches(name, listOf(tie.except ?? ""));
}

/** What the * of a pattern stands for in a name that fits it. */
function starIn(name: string, pattern: string): string {
  const [before = "", after = ""] = pattern.split("*");
  return name.slice(before.length, name.length - after.length);
}
