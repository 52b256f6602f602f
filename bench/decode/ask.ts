import { spawnSync } from "node:child_process";
import type { Measured } from "./measure";

/** Has an engine measured in a process of its own; says why where that fails, and gives nothing. */
export function askEngine(engine: string, command: string, args: readonly string[]): Measured | undefined {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: "utf8" });
  const line = stdout.split("\n").findLast((text) => text.startsWith("{"));
  if (status === 0 && line) return JSON.parse(line) as Measured;
  console.error(`${engine}: ${stderr.split("\n").slice(-12).join("\n")}`);
  return undefined;
}
