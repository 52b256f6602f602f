import { Option } from "commander";

/** An option that may be given several times. */
export function repeatable(flags: string, description: string): Option {
  const collect = (value: string, list: string[]): string[] => [...list, value];
  return new Option(flags, description).argParser(collect).default([]);
}

export const graphArgument = ["<graph>", "a file or a template's name"] as const;
