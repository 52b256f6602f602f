import type { ReactFlowInstance } from "@xyflow/react";
import { frameIdOf, noteIdOf } from "#nodes/graph/annotations";
import { countOf } from "../../_ui/amounts";
import type { RunGraph } from "../run-actions";
import type { EditorState, EditorStore } from "../store";
import type { ViewStore } from "../view";

/** What commands work on. */
export interface CommandContext {
  store: EditorStore;
  view: ViewStore;
  flow: ReactFlowInstance;
  runGraph: RunGraph;
  stopRun(): void;
  /** Pins what the chosen nodes gave in the run that is shown, or unpins them. */
  pinChosen(): Promise<void>;
  /** Stores what is on the screen; true when it is stored. */
  save(): Promise<boolean>;
  /** Nodes and wires. */
  deselect(): void;
}

export const groups = ["Run", "Edit", "Choose", "Arrange", "Composites", "View"] as const;
export type Group = (typeof groups)[number];

/** One command: what it is called, its keys, what it does. */
export interface Command {
  title: string;
  group: Group;
  /** The first one is shown. `Mod` is ⌘ or Ctrl. */
  keys: readonly string[];
  run(context: CommandContext): void | Promise<void>;
  /** It changes the graph, or runs it: there is no such thing in a snapshot. */
  edits?: boolean;
  /** Whether there is anything for it to do. */
  isPossible?(state: EditorState): boolean;
  /** Its keys mean the same while a field has the caret. */
  whileTyping?: boolean;
  /** Its keys belong to a button that has the focus. */
  yieldsToButtons?: boolean;
  /** The browser makes an event of its keys, which is listened to (`clipboard.ts`): the keys themselves do nothing. */
  isBrowsersOwn?: boolean;
}

export function canRun({ edits, isPossible }: Command, state: EditorState): boolean {
  return !(edits && state.frozen) && (isPossible?.(state) ?? true);
}

/** Of what is chosen the nodes, which alone are computed. */
export const chosenNodes = ({ selection, shown }: EditorState): string[] =>
  selection.filter((item) => Object.hasOwn(shown.nodes, item));

/** "3 nodes, 1 frame". */
export function itemsText(items: readonly string[]): string {
  const frames = items.filter((item) => frameIdOf(item) !== undefined).length;
  const notes = items.filter((item) => noteIdOf(item) !== undefined).length;
  const nodes = items.length - frames - notes;
  const counted = [[nodes, "node"] as const, [frames, "frame"] as const, [notes, "note"] as const];
  return counted.flatMap(([count, what]) => (count ? [countOf(count, what)] : [])).join(", ");
}

export const hasChosen = ({ selection }: EditorState): boolean => selection.length > 0;
export const hasChosenSeveral = ({ selection }: EditorState): boolean => selection.length > 1;
