/** Commands of which there are several that differ in a direction alone. */
import type { Alignment } from "../aligning";
import { type Command, hasChosen, hasChosenSeveral } from "./command";
import { moveChosen, walk } from "./walk";

export function walking(title: string, key: string, direction: "left" | "right" | "up" | "down"): Command {
  return { title, group: "Choose", keys: [key], run: (context) => walk(context, direction) };
}

export function aligning(title: string, alignment: Alignment): Command {
  return {
    title,
    group: "Arrange",
    keys: [],
    edits: true,
    isPossible: hasChosenSeveral,
    run: async (context) => (await import("./arrange")).align(context, alignment),
  };
}

export function distributing(title: string, axis: "x" | "y"): Command {
  return {
    title,
    group: "Arrange",
    keys: [],
    edits: true,
    isPossible: ({ selection }) => selection.length > 2,
    run: async (context) => (await import("./arrange")).distribute(context, axis),
  };
}

export function moving(title: string, key: string, steps: { x: number; y: number }): Command {
  return {
    title,
    group: "Arrange",
    keys: [`Mod+${key}`],
    edits: true,
    isPossible: hasChosen,
    run: (context) => moveChosen(context, steps),
  };
}
