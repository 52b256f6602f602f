/**
 * All commands. Keys, toolbar, menus, the command palette and the list of keys read this one table; what a command
 * does stands in `commands/`.
 */
import {
  canRun,
  chosenNodes,
  type Command,
  type CommandContext,
  hasChosen,
  hasChosenSeveral,
} from "./commands/command";
import { expandChosen, isInstanceChosen, makeOfChosen, openChosen } from "./commands/composites";
import {
  addNoteHere,
  bypassChosen,
  collapseChosen,
  frameChosen,
  hasChosenNodes,
  hasFrames,
  muteChosen,
  shutFrames,
  unframeChosen,
} from "./commands/annotate";
import {
  askForNode,
  askForWire,
  duplicate,
  nameVersion,
  redo,
  removeAndHealChosen,
  removeChosen,
  renameChosen,
  undo,
} from "./commands/edit";
import { align, arrange, distribute } from "./commands/arrange";
import { actualSize, fitAll, fitChosen, goToProblem, togglePanels, zoom } from "./commands/view";
import { chooseAlong, chooseAll, deselectOrLeave, moveChosen, walk } from "./commands/walk";
import { copyChosen, cutChosen, pasteCopied } from "./commands/clipboard";
import type { Alignment } from "./aligning";
import { wayTo } from "./context";

export const commands = {
  run: {
    title: "Run the graph",
    group: "Run",
    keys: ["Mod+Enter"],
    edits: true,
    whileTyping: true,
    run: ({ runGraph }) => runGraph(),
  },
  runNext: {
    title: "Run before all that waits",
    group: "Run",
    keys: ["Mod+Shift+Enter"],
    edits: true,
    whileTyping: true,
    run: ({ runGraph }) => runGraph(undefined, { next: true }),
  },
  runTo: {
    title: "Run up to the chosen nodes",
    group: "Run",
    keys: ["Alt+Enter"],
    edits: true,
    whileTyping: true,
    isPossible: hasChosenNodes,
    run: ({ runGraph, store }) => runGraph(chosenNodes(store.getState()).map((id) => wayTo(store.getState(), id))),
  },
  stop: {
    title: "Stop the run",
    group: "Run",
    keys: ["Mod+Alt+Enter"],
    whileTyping: true,
    run: ({ stopRun }) => stopRun(),
  },

  undo: {
    title: "Undo",
    group: "Edit",
    keys: ["Mod+Z"],
    edits: true,
    isPossible: ({ history }) => history.past.length > 0,
    run: undo,
  },
  redo: {
    title: "Redo",
    group: "Edit",
    keys: ["Mod+Shift+Z", "Mod+Y"],
    edits: true,
    isPossible: ({ history }) => history.future.length > 0,
    run: redo,
  },
  addNode: { title: "Add a node…", group: "Edit", keys: ["N", "Shift+A"], edits: true, run: askForNode },
  copy: {
    title: "Copy",
    group: "Edit",
    keys: ["Mod+C"],
    isBrowsersOwn: true,
    isPossible: hasChosen,
    run: copyChosen,
  },
  cut: {
    title: "Cut",
    group: "Edit",
    keys: ["Mod+X"],
    isBrowsersOwn: true,
    edits: true,
    isPossible: hasChosen,
    run: cutChosen,
  },
  paste: {
    title: "Paste",
    group: "Edit",
    keys: ["Mod+V"],
    isBrowsersOwn: true,
    edits: true,
    run: (context) => pasteCopied(context, false),
  },
  pasteWired: {
    title: "Paste with incoming wires",
    group: "Edit",
    keys: ["Mod+Shift+V"],
    isBrowsersOwn: true,
    edits: true,
    run: (context) => pasteCopied(context, true),
  },
  connect: { title: "Connect…", group: "Edit", keys: ["C"], edits: true, isPossible: hasChosen, run: askForWire },
  duplicate: {
    title: "Duplicate",
    group: "Edit",
    keys: ["Mod+D"],
    edits: true,
    isPossible: hasChosen,
    run: duplicate,
  },
  remove: { title: "Delete", group: "Edit", keys: ["Delete", "Backspace"], edits: true, run: removeChosen },
  removeAndHeal: {
    title: "Delete and heal",
    group: "Edit",
    keys: ["Mod+Delete", "Mod+Backspace"],
    edits: true,
    isPossible: hasChosen,
    run: removeAndHealChosen,
  },
  rename: { title: "Rename", group: "Edit", keys: ["F2"], edits: true, isPossible: hasChosen, run: renameChosen },
  bypass: {
    title: "Bypass, or run again",
    group: "Edit",
    keys: ["Mod+B", "D"],
    edits: true,
    isPossible: hasChosenNodes,
    run: bypassChosen,
  },
  mute: {
    title: "Mute, or run again",
    group: "Edit",
    keys: ["Mod+M"],
    edits: true,
    isPossible: hasChosenNodes,
    run: muteChosen,
  },
  pin: {
    title: "Pin the result, or unpin it",
    group: "Edit",
    keys: ["P"],
    edits: true,
    isPossible: hasChosenNodes,
    run: ({ pinChosen }) => pinChosen(),
  },
  addNote: { title: "Add a note", group: "Edit", keys: ["Shift+S"], edits: true, run: addNoteHere },
  nameVersion: {
    title: "Save a version",
    group: "Edit",
    keys: ["Mod+S"],
    edits: true,
    whileTyping: true,
    run: nameVersion,
  },

  selectAll: { title: "Choose all", group: "Choose", keys: ["Mod+A"], run: chooseAll },
  deselect: {
    title: "Choose nothing, or leave the composite",
    group: "Choose",
    keys: ["Escape"],
    run: deselectOrLeave,
  },
  chooseUpstream: {
    title: "Choose all that comes in",
    group: "Choose",
    keys: ["Shift+ArrowLeft"],
    isPossible: hasChosen,
    run: (context) => chooseAlong(context, "upstream"),
  },
  chooseDownstream: {
    title: "Choose all that follows",
    group: "Choose",
    keys: ["Shift+ArrowRight"],
    isPossible: hasChosen,
    run: (context) => chooseAlong(context, "downstream"),
  },
  walkLeft: walking("Go to what comes in", "ArrowLeft", "left"),
  walkRight: walking("Go to what follows", "ArrowRight", "right"),
  walkUp: walking("Go to the node above", "ArrowUp", "up"),
  walkDown: walking("Go to the node below", "ArrowDown", "down"),

  moveLeft: moving("Move left", "ArrowLeft", { x: -1, y: 0 }),
  moveRight: moving("Move right", "ArrowRight", { x: 1, y: 0 }),
  moveUp: moving("Move up", "ArrowUp", { x: 0, y: -1 }),
  moveDown: moving("Move down", "ArrowDown", { x: 0, y: 1 }),
  moveFarLeft: moving("Move far left", "Shift+ArrowLeft", { x: -10, y: 0 }),
  moveFarRight: moving("Move far right", "Shift+ArrowRight", { x: 10, y: 0 }),
  moveFarUp: moving("Move far up", "Shift+ArrowUp", { x: 0, y: -10 }),
  moveFarDown: moving("Move far down", "Shift+ArrowDown", { x: 0, y: 10 }),
  frame: {
    title: "Put into a frame",
    group: "Arrange",
    keys: ["Mod+G"],
    edits: true,
    isPossible: hasChosen,
    run: frameChosen,
  },
  unframe: {
    title: "Take the frame away",
    group: "Arrange",
    keys: ["Mod+Shift+G"],
    edits: true,
    isPossible: hasChosen,
    run: unframeChosen,
  },
  shutFrames: {
    title: "Shut all frames",
    group: "Arrange",
    keys: ["Alt+G"],
    edits: true,
    isPossible: hasFrames,
    run: (context) => shutFrames(context, true),
  },
  openFrames: {
    title: "Open all frames",
    group: "Arrange",
    keys: ["Alt+Shift+G"],
    edits: true,
    isPossible: hasFrames,
    run: (context) => shutFrames(context, false),
  },
  collapse: {
    title: "Collapse to the title, or not",
    group: "Arrange",
    keys: ["Alt+C"],
    edits: true,
    isPossible: hasChosenNodes,
    run: collapseChosen,
  },
  tidy: { title: "Arrange", group: "Arrange", keys: ["Alt+Shift+T", "Mod+Shift+L"], edits: true, run: arrange },

  alignLeft: aligning("Align left edges", "left"),
  alignCentre: aligning("Align centres", "centre"),
  alignRight: aligning("Align right edges", "right"),
  alignTop: aligning("Align upper edges", "top"),
  alignMiddle: aligning("Align middles", "middle"),
  alignBottom: aligning("Align lower edges", "bottom"),
  distributeAcross: distributing("Equal gaps across", "x"),
  distributeDown: distributing("Equal gaps down", "y"),

  makeComposite: {
    title: "Make a composite",
    group: "Composites",
    keys: ["Mod+Shift+E"],
    edits: true,
    isPossible: hasChosen,
    run: makeOfChosen,
  },
  openComposite: {
    title: "Open the composite",
    group: "Composites",
    keys: ["Enter"],
    yieldsToButtons: true,
    isPossible: isInstanceChosen,
    run: openChosen,
  },
  expandComposite: {
    title: "Expand the composite",
    group: "Composites",
    keys: ["Mod+Shift+U"],
    edits: true,
    isPossible: isInstanceChosen,
    run: expandChosen,
  },

  nextProblem: {
    title: "Go to the next problem",
    group: "View",
    keys: ["F8"],
    whileTyping: true,
    isPossible: ({ checked }) => checked.problems.length > 0,
    run: (context) => goToProblem(context, 1),
  },
  lastProblem: {
    title: "Go to the problem before",
    group: "View",
    keys: ["Shift+F8"],
    whileTyping: true,
    isPossible: ({ checked }) => checked.problems.length > 0,
    run: (context) => goToProblem(context, -1),
  },
  fit: { title: "Show everything", group: "View", keys: ["1", "."], run: fitAll },
  fitChosen: {
    title: "Show what is chosen",
    group: "View",
    keys: ["Shift+1"],
    isPossible: hasChosen,
    run: fitChosen,
  },
  actualSize: { title: "Show at 100 %", group: "View", keys: ["0"], run: actualSize },
  zoomIn: { title: "Nearer", group: "View", keys: ["+", "="], run: (context) => zoom(context, 1.25) },
  zoomOut: { title: "Farther", group: "View", keys: ["-"], run: (context) => zoom(context, 0.8) },
  overview: {
    title: "Show or hide the overview",
    group: "View",
    keys: ["Alt+M"],
    run: ({ view }) => view.getState().set({ overview: !view.getState().overview }),
  },
  shapes: {
    title: "Say the shapes on all wires, or only under the pointer",
    group: "View",
    keys: [],
    run: ({ view }) => view.getState().set({ shapes: view.getState().shapes === "always" ? "hover" : "always" }),
  },
  wires: {
    title: "Hide or show the wires",
    group: "View",
    keys: [],
    run: ({ view }) => view.getState().set({ hidesWires: !view.getState().hidesWires }),
  },
  panels: { title: "Hide or show the panels", group: "View", keys: ["\\"], run: togglePanels },
  find: {
    title: "Find…",
    group: "View",
    keys: ["Mod+F"],
    whileTyping: true,
    run: ({ view }) => view.getState().show("find"),
  },
  palette: {
    title: "All commands…",
    group: "View",
    keys: ["Mod+K"],
    whileTyping: true,
    run: ({ view }) => view.getState().show("palette"),
  },
  keys: { title: "Keys…", group: "View", keys: ["?"], run: ({ view }) => view.getState().show("keys") },
} satisfies Record<string, Command>;

export type CommandId = keyof typeof commands;

/** Every command, by its name in the table. */
export const commandEntries = Object.entries<Command>(commands) as [CommandId, Command][];

/** Does what a command is for, if there is anything to do. */
export function runCommand(command: Command, context: CommandContext): void {
  if (canRun(command, context.store.getState())) void command.run(context);
}

function walking(title: string, key: string, direction: "left" | "right" | "up" | "down"): Command {
  return { title, group: "Choose", keys: [key], run: (context) => walk(context, direction) };
}

function aligning(title: string, alignment: Alignment): Command {
  return {
    title,
    group: "Arrange",
    keys: [],
    edits: true,
    isPossible: hasChosenSeveral,
    run: (context) => align(context, alignment),
  };
}

function distributing(title: string, axis: "x" | "y"): Command {
  return {
    title,
    group: "Arrange",
    keys: [],
    edits: true,
    isPossible: ({ selection }) => selection.length > 2,
    run: (context) => distribute(context, axis),
  };
}

function moving(title: string, key: string, steps: { x: number; y: number }): Command {
  return {
    title,
    group: "Arrange",
    keys: [`Mod+${key}`],
    edits: true,
    isPossible: hasChosen,
    run: (context) => moveChosen(context, steps),
  };
}
