/** Commands as steps of the history: each is one undo and one redo, to the very node and wire. */
import type { ReactFlowInstance } from "@xyflow/react";
import { describe, expect, it } from "vitest";
import { addFrame, addNote, frameItem, itemsOf } from "#nodes/graph/annotations";
import type { GraphDocument } from "#nodes/graph/document";
import { removeNodes } from "#nodes/graph/edits";
import { graph } from "#tests/kit/graphs";
import { commands } from "../commands";
import { partSeen } from "../parts";
import { createEditor } from "../store";
import { putIn } from "./clipboard";
import type { CommandContext } from "./command";

const area = { position: { x: -40, y: -80 }, size: { width: 400, height: 300 } };

/** Five nodes in a row with four wires, of which two lie in a frame, and a note. */
function drawn(): GraphDocument {
  const names = ["n1", "n2", "n3", "n4", "n5"];
  const row = graph(
    { data: ["data.emoji"], ...Object.fromEntries(names.map((id) => [id, ["image.augment"] as [string]])) },
    ["data.image -> n1.image", ...names.slice(1).map((id, i) => `${names[i]}.image -> ${id}.image`)],
  );
  const noted = addNote(row, { text: "Six", ...area }).document;
  return addFrame(noted, ["n1", "n2"], { title: "Two", ...area }).document;
}

/** An editor with something chosen, and a canvas on which wires may be chosen. */
function editing(chosen: readonly string[], chosenWires: readonly number[] = []) {
  const document = drawn();
  const store = createEditor({ document });
  const edges = document.wires.map((wire, i) => ({ selected: chosenWires.includes(i), data: { wire } }));
  const flow = { getEdges: () => edges, getInternalNode: () => undefined } as unknown as ReactFlowInstance;
  store.getState().select(chosen);
  const told: string[] = [];
  const view = { getState: () => ({ announce: (text: string) => told.push(text) }) };
  return { document, store, told, context: { store, flow, view } as unknown as CommandContext };
}

const countsOf = ({ nodes, wires, frames = {}, notes = {} }: GraphDocument) => ({
  nodes: Object.keys(nodes).length,
  wires: wires.length,
  frames: Object.keys(frames).length,
  notes: Object.keys(notes).length,
});
const all = countsOf(drawn());

function pasteChosen(context: CommandContext): void {
  const state = context.store.getState();
  putIn(context, partSeen(state, state.selection), { x: 40, y: 40 });
}

type Step = [
  name: string,
  chosen: readonly string[],
  act: (context: CommandContext) => void,
  counts: Partial<typeof all>,
  holds: (after: GraphDocument) => unknown,
  wires?: readonly number[],
];
const offOf = ({ nodes }: GraphDocument) => Object.keys(nodes).filter((id) => nodes[id]?.off === "bypassed");
const five = ["data", "n1", "n2", "n3", "n4"];

describe("one command is one step of undo, and one of redo:", () => {
  it.each<Step>([
    ["to move", ["n3"], (c) => commands.moveRight.run(c), {}, ({ nodes }) => nodes.n3?.position.x === 8],
    [
      "to move a frame, with what lies in it",
      [frameItem("frame")],
      (c) => commands.moveFarDown.run(c),
      {},
      ({ nodes, frames }) => nodes.n2?.position.y === 80 && frames?.frame?.position.y === 0,
    ],
    [
      "to cut a wire",
      [],
      (c) => commands.remove.run(c),
      { wires: 4 },
      ({ wires }) => wires.every(({ to }) => to.node !== "n3"),
      [2],
    ],
    ["to disable one", ["n3"], (c) => commands.bypass.run(c), {}, (after) => offOf(after).join() === "n3"],
    ["to disable many", five.slice(2), (c) => commands.bypass.run(c), {}, (after) => offOf(after).length === 3],
    ["to mute many", five, (c) => commands.mute.run(c), {}, ({ nodes }) => nodes.n4?.off === "muted"],
    ["to paste five", five, pasteChosen, { nodes: 11, wires: 9 }, () => true],
    ["to duplicate", ["n3"], (c) => commands.duplicate.run(c), { nodes: 7 }, ({ nodes }) => nodes.augment],
    ["to collapse many", five, (c) => commands.collapse.run(c), {}, ({ nodes }) => nodes.n1?.collapsed],
    ["to lock the places of many", five, (c) => commands.lock.run(c), {}, ({ nodes }) => nodes.n1?.locked],
    ["to delete one with its wires", ["n3"], (c) => commands.remove.run(c), { nodes: 5, wires: 3 }, () => true],
    [
      "to delete one and heal",
      ["n3"],
      (c) => commands.removeAndHeal.run(c),
      { nodes: 5, wires: 4 },
      ({ wires }) => wires.some(({ from, to }) => from.node === "n2" && to.node === "n4"),
    ],
  ])("%s", (_, chosen, act, counts, holds, wires) => {
    const { document, store, context } = editing(chosen, wires);
    const present = () => store.getState().history.present;
    act(context);
    const after = present();
    expect(countsOf(after)).toEqual({ ...all, ...counts });
    expect(holds(after)).toBeTruthy();
    expect(store.getState().history.past).toHaveLength(1);
    store.getState().undo();
    expect(present()).toBe(document);
    store.getState().redo();
    expect(present()).toBe(after);
  });
});

describe("all that is chosen", () => {
  it("is nodes, frames and notes: pasted they are twice as many, deleted none is left", () => {
    const { document, store, told, context } = editing([]);
    commands.selectAll.run(context);
    expect(store.getState().selection).toEqual(itemsOf(document));
    expect(told.at(-1)).toBe("Chosen: 6 nodes, 1 frame, 1 note.");
    pasteChosen(context);
    expect(countsOf(store.getState().history.present)).toEqual({ nodes: 12, wires: 10, frames: 2, notes: 2 });
    store.getState().undo();
    commands.selectAll.run(context);
    commands.remove.run(context);
    expect(countsOf(store.getState().history.present)).toEqual({ nodes: 0, wires: 0, frames: 0, notes: 0 });
    expect(removeNodes(document, itemsOf(document))).toEqual(store.getState().history.present);
  });
});
