/** What the processes of a started product hold and compute, as Linux tells it. */
import { readdirSync, readFileSync } from "node:fs";
import type { Product } from "#tests/kit/product";

export interface Held {
  name: string;
  pid: number;
  /** Megabytes now, and at most. */
  now: number;
  most: number;
  /** Seconds that it has computed. */
  cpu: number;
}

/** The web process, the one that serves, and those of the database together. */
export function processesOf({ process: started }: Product): Held[] {
  const all = readdirSync("/proc").flatMap((pid) => {
    const found = /^\d+$/.test(pid) ? processAt(Number(pid)) : undefined;
    return found ? [found] : [];
  });
  const children = all.filter(({ parent }) => parent === started.pid);
  const named = children.flatMap((found) => {
    const name = /(web\.mjs|serving\.ts)/.exec(found.command)?.[1];
    return name ? [{ ...found, name }] : [];
  });
  const database = all.filter(({ command }) => command.startsWith("postgres"));
  const cpu = database.reduce((sum, found) => sum + found.cpu, 0);
  return [...named, { name: "postgres", pid: 0, now: 0, most: 0, cpu }];
}

function processAt(pid: number) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const megabytes = (line: string) => Math.round(Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
    const times = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      pid,
      parent: Number(times[1]),
      command: readFileSync(`/proc/${pid}/cmdline`, "utf8"),
      now: megabytes("VmRSS"),
      most: megabytes("VmHWM"),
      cpu: (Number(times[11]) + Number(times[12])) / 100,
    };
  } catch {
    return undefined; // it ended meanwhile
  }
}

export const memoryText = (held: readonly Held[]): string =>
  held
    .filter(({ most }) => most)
    .map(({ name, now, most }) => `${name} ${now} MB, at most ${most} MB`)
    .join("; ") || "not known here";
