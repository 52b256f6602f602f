"use client";

import { Command } from "cmdk";
import { X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { connect } from "#nodes/graph/edits";
import { insertion, passageThrough, wireBetween } from "#nodes/graph/inserting";
import { cx } from "../../_ui/cx";
import { useEditorStore } from "../context";
import { colourOf } from "../node-catalogue";
import { siteOf } from "../site";
import { usePlacing } from "./adding";
import { type Candidate, typeOfRequest, useCandidates } from "./candidates";
import type { AddRequest } from "./requests";
import { useRoom } from "./room";

/**
 * Search at the pointer: what is picked is placed there, and wired to the loose end or into the wire that it is asked
 * for. Then only nodes that really fit are listed, until the chip that says so is taken away.
 */
export function AddPopup({ request, onClose }: { request: AddRequest; onClose(): void }) {
  const [isFiltered, setFiltered] = useState(request.from !== undefined || request.into !== undefined);
  const [search, setSearch] = useState("");
  const [asked, setAsked] = useState<Candidate>();
  const field = useRef<HTMLInputElement>(null);
  const { found, isDone } = useCandidates(request, isFiltered);
  const pick = usePick(request);
  function choose(candidate: Candidate, port = candidate.ports[0]): void {
    onClose();
    pick(candidate, isFiltered ? port : undefined);
  }
  function ask(candidate: Candidate): void {
    if (candidate.ports.length < 2) choose(candidate);
    else {
      setAsked(candidate);
      setSearch("");
    }
  }
  function press(event: KeyboardEvent): void {
    if (event.key === "Escape") onClose();
    if (event.key === "Backspace" && !search) unfilter();
  }
  function unfilter(): void {
    if (asked) setAsked(undefined);
    else setFiltered(false);
    field.current?.focus();
  }
  const chip = isFiltered ? <Chip request={request} asked={asked} onRemove={unfilter} /> : null;
  return (
    <>
      <button
        type="button"
        aria-label="Close"
        tabIndex={-1}
        className="fixed inset-0 z-30 cursor-default"
        onClick={onClose}
      />
      <Command
        label={asked ? "Which port?" : "Add a node"}
        loop
        filter={containing}
        onKeyDown={press}
        className="fixed z-40 w-76 overflow-hidden rounded-xl border border-line-strong bg-raised shadow-2xl"
        style={{
          left: Math.min(request.x, window.innerWidth - 316),
          top: Math.min(request.y, window.innerHeight - 360),
        }}
      >
        <div className="flex items-center gap-1.5 border-b border-line px-3 py-2">
          {chip}
          <Command.Input
            ref={field}
            autoFocus
            value={search}
            onValueChange={setSearch}
            placeholder={asked ? "Which port?" : "Add a node"}
            className="min-w-0 flex-1 bg-transparent py-0.5 outline-none"
          />
        </div>
        <Command.List className="max-h-72 overflow-y-auto p-1.5">
          <Command.Empty className="p-3 text-center text-ink-3">
            {isDone ? "No node fits." : "Looking for what fits …"}
          </Command.Empty>
          {asked
            ? asked.ports.map((port) => (
                <Item key={port} value={port} onSelect={() => choose(asked, port)}>
                  {port}
                </Item>
              ))
            : found.map((candidate) => (
                <Entry key={candidate.type} candidate={candidate} onSelect={() => ask(candidate)} />
              ))}
        </Command.List>
      </Command>
    </>
  );
}

/** All words of a search are there. */
function containing(value: string, search: string): number {
  const text = value.toLowerCase();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.every((word) => text.includes(word))) return 0;
  return text.startsWith(words[0] ?? "") ? 1 : 0.5;
}

interface ChipProps {
  request: AddRequest;
  asked: Candidate | undefined;
  onRemove(): void;
}

/** What the list is limited to. */
function Chip({ request, asked, onRemove }: ChipProps) {
  const store = useEditorStore();
  const type = typeOfRequest(store.getState(), request);
  const text =
    asked?.title ?? (request.into ? `in ${type}` : request.from?.side === "source" ? `takes ${type}` : `gives ${type}`);
  return (
    <button
      type="button"
      data-chip
      aria-label={`Only what ${text}: show all nodes`}
      onClick={onRemove}
      className={cx(
        "flex shrink-0 items-center gap-1 rounded-full",
        "border border-line-strong px-2 py-0.5 text-[11px] text-ink-2",
      )}
    >
      <span className="size-2 rounded-full" style={{ background: `var(--port-${type ?? "file"})` }} />
      {text}
      <X className="size-3" aria-hidden />
    </button>
  );
}

function Entry({ candidate, onSelect }: { candidate: Candidate; onSelect(): void }) {
  const { type, title, description, definition, ports } = candidate;
  return (
    <Item value={`${title} ${type}`} onSelect={onSelect}>
      <span
        className="mt-1.5 size-2 shrink-0 rounded-full"
        style={{ background: definition ? colourOf(definition) : "var(--ink-3)" }}
      />
      <span className="min-w-0">
        <span className="block">
          {title}
          {ports.length > 1 && <span className="ml-1.5 text-[11px] text-ink-3">{ports.length} ports fit</span>}
        </span>
        <span className="block truncate text-[11px] text-ink-3">{description}</span>
      </span>
    </Item>
  );
}

function Item({ value, onSelect, children }: { value: string; onSelect(): void; children: ReactNode }) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className={cx(
        "flex cursor-pointer items-start gap-2 rounded-md px-2 py-1.5",
        "data-[selected=true]:bg-accent-soft",
      )}
    >
      {children}
    </Command.Item>
  );
}

/** Puts what was picked into the graph, with its wires, as one step of the history. */
function usePick({ at, from, into }: AddRequest): (candidate: Candidate, port: string | undefined) => void {
  const store = useEditorStore();
  const place = usePlacing();
  const makeRoom = useRoom();
  return ({ type }, port) => {
    const whole = store.getState();
    place(type, at, (level: GraphDocument, id: string) => {
      if (from && port !== undefined) return connect(level, wireBetween(from, { node: id, port }));
      if (!into) return level;
      const trial = { ...siteOf(whole), document: level, composite: undefined };
      const { passage } = passageThrough(trial, into, id);
      return passage ? makeRoom(insertion(into, id, passage)(level), id, into) : level;
    });
  };
}
