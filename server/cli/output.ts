/** What the command line writes: sentences on stderr, results on stdout. */
import { Option } from "commander";
import type { PublicError } from "#nodes/graph/events";
import type { Problem } from "#nodes/graph/problem";

export const jsonOption = (): Option => new Option("--json", "one JSON object on stdout");

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value));
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function sayProblem(problem: Problem): void {
  say(line(problem.severity, problem));
}

/** The sentence that stands for a failure. */
export function errorLine(error: PublicError): string {
  return line("error", error);
}

/** Says why there is nothing to do, and has the process end with 1. */
export function reportProblems(problems: readonly Problem[], asJson: boolean | undefined): void {
  process.exitCode = 1;
  if (asJson) printJson({ status: "failed", problems });
  else problems.forEach(sayProblem);
}

function line(label: string, { node, port, param, message, hint }: PublicError): string {
  const place = node ? ` in ${[node, port ?? param].filter(Boolean).join(".")}` : "";
  return [`${label}${place}: ${message}`, hint].filter(Boolean).join(" ");
}
