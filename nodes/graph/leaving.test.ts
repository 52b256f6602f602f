import { expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { addFrame, addNote } from "./annotations";
import { setNote, setPin } from "./edits";
import { leavingWith, withOtherFile, withoutLeaving } from "./leaving";
import { make } from "./make-composite";

const ref = "a".repeat(64);
const other = "b".repeat(64);
const document = setNote(
  graph({
    pictures: ["image.load", { images: [{ ref, name: "me.png" }] }],
    again: [
      "image.load",
      {
        images: [
          { ref, name: "me.png" },
          { ref: other, name: "you.png" },
        ],
      },
    ],
    folder: ["data.folder", { folder: "/home/me/pictures", pattern: "*/x" }],
  }),
  "folder",
  "for my eyes",
);

it("lists files with where they are used, paths and notes, also of what lies in composites", () => {
  const made = make(document, ["folder", "again"])?.document ?? document;
  expect(leavingWith(document)).toEqual({
    files: [
      { ref, name: "me.png", names: ["me.png"], bytes: undefined, usedBy: ["pictures.images", "again.images"] },
      { ref: other, name: "you.png", names: ["you.png"], bytes: undefined, usedBy: ["again.images"] },
    ],
    paths: [{ node: "folder", param: "folder", text: "/home/me/pictures" }],
    notes: [{ node: "folder", text: "for my eyes" }],
    pins: [],
  });
  expect(leavingWith(made).paths[0]?.node).toMatch(/\/folder$/);
});

it("lists every name of a file, since each of them leaves", () => {
  const twice = graph({
    load: [
      "image.load",
      {
        images: [
          { ref, name: "boat.png" },
          { ref, name: "our boat.png" },
        ],
      },
    ],
  });
  expect(leavingWith(twice).files.map(({ names }) => names)).toEqual([["boat.png", "our boat.png"]]);
});

it("leaves out what is asked for, and nothing else", () => {
  const bare = withoutLeaving(document, { files: true, paths: true, notes: true });
  expect(leavingWith(bare)).toEqual({ files: [], paths: [], notes: [], pins: [] });
  expect(bare.nodes.folder?.params).toEqual({ pattern: "*/x" });
  expect(withoutLeaving(document, {})).toBe(document);
});

it("puts another file in the place of one wherever it is used", () => {
  const now = withOtherFile(document, ref, { ref: "c".repeat(64), name: "new.png" });
  expect(leavingWith(now).files.map(({ name, usedBy }) => [name, usedBy.length])).toEqual([
    ["new.png", 2],
    ["you.png", 1],
  ]);
});

it("never takes pinned results along, wherever they are", () => {
  const pin = { at: "2026-11-01T10:00:00.000Z", ref, bytes: 1, params: {}, outputs: {} };
  const pinned = setPin(document, "again", pin);
  const made = make(setPin(pinned, "pictures", pin), ["again"])?.document ?? pinned;
  expect(leavingWith(made).pins).toEqual(["pictures", "composite/again"]);
  expect(JSON.stringify(withoutLeaving(made, {}))).not.toContain('"pin"');
});

it("leaves out notes and what is written in frames of composites, too", () => {
  const area = { position: { x: 0, y: 0 }, size: { width: 100, height: 100 } };
  const noted = addNote(document, { text: "mine", ...area }).document;
  const framed = addFrame(noted, ["again", "note:note"], { title: "Mine", text: "too", ...area }).document;
  const made = make(framed, ["frame:frame"])?.document ?? framed;
  expect(leavingWith(made).notes.map(({ node }) => node)).toEqual(["folder", "composite/note", "composite/frame"]);
  const bare = withoutLeaving(made, { notes: true });
  expect(leavingWith(bare).notes).toEqual([]);
  expect(bare.composites?.composite?.frames?.frame?.title).toBe("Mine");
});
