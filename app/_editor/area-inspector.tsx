"use client";

import { changeFrame, changeNote, frameIdOf, membersOf, noteIdOf, setShut } from "#nodes/graph/annotations";
import type { Frame, Note, Size } from "#nodes/graph/document";
import { countOf } from "../_ui/amounts";
import { Checkbox } from "../_ui/checkbox";
import { Colours } from "./canvas/area-fields";
import { CommitField } from "./composites/commit-field";
import { useEditor, useEditorStore } from "./context";

/** A frame or a note: what stands on it, its colour, and what lies in it. */
export function AreaInspector({ item }: { item: string }) {
  const [frameId, noteId] = [frameIdOf(item), noteIdOf(item)];
  const frame = useEditor(({ shown }) => (frameId === undefined ? undefined : shown.frames?.[frameId]));
  const note = useEditor(({ shown }) => (noteId === undefined ? undefined : shown.notes?.[noteId]));
  return (
    <div className="flex h-full flex-col gap-3 overflow-y-auto p-4">
      {frame && frameId !== undefined && <FrameFields id={frameId} frame={frame} />}
      {note && noteId !== undefined && <NoteFields id={noteId} note={note} />}
    </div>
  );
}

function FrameFields({ id, frame }: { id: string; frame: Frame }) {
  const { edit } = useEditorStore().getState();
  const frozen = useEditor((state) => state.frozen);
  const count = useEditor(({ shown }) => membersOf(shown, id).length);
  return (
    <>
      <CommitField
        label="Title"
        value={frame.title}
        disabled={frozen}
        className="text-base font-semibold"
        onCommit={(title) => edit((graph) => changeFrame(graph, id, { title }))}
      />
      <p className="text-ink-2">{countOf(count, "item")} in this frame. Dragged, it takes them along.</p>
      {!frozen && (
        <>
          <Colours
            now={frame.colour ?? "grey"}
            onChoose={(colour) => edit((graph) => changeFrame(graph, id, { colour }))}
          />
          <Checkbox
            label="Shut"
            checked={frame.shut === true}
            onChange={(isShut) => edit((graph) => setShut(graph, [id], isShut))}
          />
        </>
      )}
      <SizeFields size={frame.size} onSize={(size) => edit((graph) => changeFrame(graph, id, { size }))} />
      <TextField
        text={frame.text ?? ""}
        most={5000}
        onWrite={(text) => edit((graph) => changeFrame(graph, id, { text }), `text frame ${id}`)}
      />
    </>
  );
}

function NoteFields({ id, note }: { id: string; note: Note }) {
  const { edit } = useEditorStore().getState();
  const frozen = useEditor((state) => state.frozen);
  return (
    <>
      <h2 className="text-base font-semibold">Note</h2>
      {!frozen && (
        <Colours
          now={note.colour ?? "yellow"}
          onChoose={(colour) => edit((graph) => changeNote(graph, id, { colour }))}
        />
      )}
      <SizeFields size={note.size} onSize={(size) => edit((graph) => changeNote(graph, id, { size }))} />
      <TextField
        text={note.text}
        most={10_000}
        onWrite={(text) => edit((graph) => changeNote(graph, id, { text }), `text note ${id}`)}
      />
    </>
  );
}

/** How wide and high it is, in pixels; what is no number changes nothing. */
function SizeFields({ size, onSize }: { size: Size; onSize(size: Size): void }) {
  const frozen = useEditor((state) => state.frozen);
  const sides = [["Width", "width"] as const, ["Height", "height"] as const];
  return (
    <div className="flex gap-2">
      {sides.map(([label, side]) => (
        <div key={side} className="min-w-0 flex-1">
          <span className="mb-1 block font-medium text-ink-2">{label}</span>
          <CommitField
            label={label}
            value={String(size[side])}
            disabled={frozen}
            className="w-full !border-line"
            onCommit={(typed) => Number(typed) > 0 && onSize({ ...size, [side]: Number(typed) })}
          />
        </div>
      ))}
    </div>
  );
}

function TextField({ text, most, onWrite }: { text: string; most: number; onWrite(text: string): void }) {
  const frozen = useEditor((state) => state.frozen);
  return (
    <label className="block">
      <span className="mb-1 block font-medium text-ink-2">Text</span>
      <textarea
        className="field field-sizing-content min-h-24 resize-none"
        value={text}
        maxLength={most}
        disabled={frozen}
        placeholder="Markdown: **bold**, lists, [links](https://…)"
        onChange={(event) => onWrite(event.target.value)}
      />
    </label>
  );
}
