"use client";

import { Handle, type NodeProps, NodeResizer, Position } from "@xyflow/react";
import { ChevronDown, ChevronRight } from "lucide-react";
import { lazy, memo, Suspense } from "react";
import { changeFrame, changeNote, frameIdOf, membersOf, noteIdOf, setShut } from "#nodes/graph/annotations";
import type { Point, Size } from "#nodes/graph/document";
import { cx } from "../../_ui/cx";
import { CommitField } from "../composites/commit-field";
import { useEditor, useEditorStore } from "../context";
import { shutHeight } from "./annotation-nodes";
import { Colours } from "./area-fields";
import { hueOf } from "./hues";
import { LockedMark } from "../node/off-marks";
import { useIsFar } from "./level-of-detail";

const Markdown = lazy(async () => ({ default: (await import("../../_ui/markdown")).Markdown }));

/** A titled area behind nodes; one that is shut is a bar, at which the wires of what lies in it end. */
export const FrameView = memo(function FrameView({ id, selected }: NodeProps) {
  const store = useEditorStore();
  const frameId = frameIdOf(id) ?? "";
  const frame = useEditor(({ shown }) => shown.frames?.[frameId]);
  const count = useEditor(({ shown }) => (frame?.shut ? membersOf(shown, frameId).length : 0));
  const frozen = useEditor((state) => state.frozen);
  const isFar = useIsFar();
  if (!frame) return null;
  if (isFar) return <FarArea label={`Frame ${frame.title}`} />;
  const { edit } = store.getState();
  const hue = hueOf(frame.colour);
  const Sign = frame.shut ? ChevronRight : ChevronDown;
  return (
    <section
      aria-label={`Frame ${frame.title}`}
      className={cx("size-full rounded-2xl border", selected ? "border-accent" : "border-line-strong")}
      style={{ background: `color-mix(in srgb, ${hue} 7%, transparent)` }}
    >
      {selected && !frozen && !frame.shut && !frame.locked && (
        <Sizer least={{ width: 120, height: 80 }} onSize={(box) => edit((graph) => changeFrame(graph, frameId, box))} />
      )}
      <div className="flex h-10 items-center gap-1 px-2" style={{ color: hue }}>
        <button
          type="button"
          aria-label={`${frame.shut ? "Open" : "Shut"} the frame ${frame.title}`}
          aria-expanded={!frame.shut}
          disabled={frozen}
          onClick={() => edit((graph) => setShut(graph, [frameId], !frame.shut))}
          className="nodrag rounded p-0.5 hover:bg-surface"
        >
          <Sign className="size-4" aria-hidden />
        </button>
        {selected && !frozen ? (
          <CommitField
            label="Title of the frame"
            value={frame.title}
            className="nodrag field-sizing-content max-w-[70%] min-w-12 text-sm font-semibold text-ink"
            onCommit={(title) => edit((graph) => changeFrame(graph, frameId, { title }))}
          />
        ) : (
          <h3 className="truncate px-2 text-sm font-semibold text-ink">{frame.title}</h3>
        )}
        <span className="flex-1" />
        {frame.locked && <LockedMark />}
        {frame.shut && <span className="pr-1 text-2xs whitespace-nowrap text-ink-3">{count} inside</span>}
        {selected && !frozen && (
          <Colours
            now={frame.colour ?? "grey"}
            onChoose={(colour) => edit((graph) => changeFrame(graph, frameId, { colour }))}
          />
        )}
      </div>
      {!frame.shut && (selected || frame.text) && (
        <Text
          label="Text of the frame"
          text={frame.text ?? ""}
          isEdited={selected && !frozen}
          className="px-3 text-xs"
          onWrite={(text) => edit((graph) => changeFrame(graph, frameId, { text }), `text ${id}`)}
        />
      )}
      {(["target", "source"] as const).map((type) => (
        <Handle
          key={type}
          id={type}
          type={type}
          isConnectable={false}
          position={type === "target" ? Position.Left : Position.Right}
          className="!border-0 !bg-transparent"
          style={{ top: shutHeight / 2 }}
        />
      ))}
    </section>
  );
});

/** A remark that lies on the canvas by itself. */
export const NoteView = memo(function NoteView({ id, selected }: NodeProps) {
  const store = useEditorStore();
  const noteId = noteIdOf(id) ?? "";
  const note = useEditor(({ shown }) => shown.notes?.[noteId]);
  const frozen = useEditor((state) => state.frozen);
  const isFar = useIsFar();
  if (!note) return null;
  if (isFar) return <FarArea label="Note" />;
  const { edit } = store.getState();
  return (
    <section
      aria-label="Note"
      className={cx(
        "flex size-full flex-col overflow-hidden rounded-lg border p-2",
        selected ? "border-accent" : "border-line",
      )}
      style={{ background: `color-mix(in srgb, ${hueOf(note.colour ?? "yellow")} 12%, var(--surface))` }}
    >
      {selected && !frozen && (
        <>
          {!note.locked && (
            <Sizer
              least={{ width: 80, height: 48 }}
              onSize={(box) => edit((graph) => changeNote(graph, noteId, box))}
            />
          )}
          <Colours
            now={note.colour ?? "yellow"}
            onChoose={(colour) => edit((graph) => changeNote(graph, noteId, { colour }))}
          />
        </>
      )}
      <Text
        label="Text of the note"
        text={note.text}
        isEdited={selected && !frozen}
        className="min-h-0 flex-1 text-xs"
        onWrite={(text) => edit((graph) => changeNote(graph, noteId, { text }), `text ${id}`)}
      />
    </section>
  );
});

/** What takes the pointer from afar, where `FarLayer` draws what is seen. */
function FarArea({ label }: { label: string }) {
  return <section aria-label={label} className="size-full" />;
}

interface TextProps {
  label: string;
  text: string;
  isEdited: boolean;
  className: string;
  onWrite(text: string): void;
}

function Text({ label, text, isEdited, className, onWrite }: TextProps) {
  if (!isEdited) {
    const plain = <p className="whitespace-pre-wrap">{text}</p>;
    return (
      <div className={cx("overflow-hidden wrap-anywhere text-ink-2", className)}>
        <Suspense fallback={plain}>
          <Markdown text={text} />
        </Suspense>
      </div>
    );
  }
  return (
    <textarea
      aria-label={label}
      value={text}
      maxLength={5000}
      placeholder="What is to be known here, in Markdown"
      onChange={(event) => onWrite(event.target.value)}
      className={cx("nodrag nowheel w-full resize-none bg-transparent text-ink-2 outline-none", className)}
    />
  );
}

/** Handles that give something its place and size. */
function Sizer({ least, onSize }: { least: Size; onSize(box: { position: Point; size: Size }): void }) {
  return (
    <NodeResizer
      minWidth={least.width}
      minHeight={least.height}
      lineClassName="!border-transparent"
      handleClassName="!size-2 !rounded-sm !border-accent !bg-surface"
      onResizeEnd={(_, { x, y, width, height }) => onSize({ position: { x, y }, size: { width, height } })}
    />
  );
}
