"use client";

import { Command } from "cmdk";
import { X } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import type { GraphDocument } from "#nodes/graph/document";
import { connect } from "#nodes/graph/edits";
import { insertion, passageThrough, wireBetween } from "#nodes/graph/inserting";
import { cx } from "../../_ui/cx";
import { useChosenNodes } from "../chosen-nodes";
import { useEditorStore } from "../context";
import { MenuGroup, MenuItem } from "../menu-item";
import { colourOf } from "../node-catalogue";
import { searchNodes } from "../node-search";
import { PortsCard } from "../ports-card";
import { siteOf } from "../site";
import { useSynonyms } from "../use-synonyms";
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
  const [marked, setMarked] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const { found: candidates, isDone } = useCandidates(request, isFiltered);
  const found = searchNodes(candidates, search, useSynonyms(search !== ""));
  const shown = asked ?? found.find(({ type }) => type === marked);
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
  const place = {
    left: Math.min(request.x, window.innerWidth - width - 12),
    top: Math.min(request.y, window.innerHeight - 360),
  };
  const beside = { ...place, right: place.left + width, bottom: place.top + 40 };
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
        shouldFilter={false}
        value={marked}
        onValueChange={setMarked}
        onKeyDown={press}
        className="fixed z-40 overflow-hidden rounded-xl border border-line-strong bg-raised shadow-2xl"
        style={{ ...place, width }}
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
          {asked ? (
            searchNodes(asked.ports.map(portAsNode), search).map(({ title }) => (
              <MenuItem key={title} value={title} onSelect={() => choose(asked, title)}>
                {title}
              </MenuItem>
            ))
          ) : (
            <Candidates found={found} isSearching={search !== ""} onSelect={ask} />
          )}
        </Command.List>
      </Command>
      {shown?.definition && <PortsCard definition={shown.definition} beside={beside} />}
    </>
  );
}

/** Pixels of the list. */
const width = 304;

/** Ports of a node are searched as nodes are. */
const portAsNode = (name: string) => ({ type: name, title: name });

interface CandidatesProps {
  found: readonly Candidate[];
  isSearching: boolean;
  onSelect(candidate: Candidate): void;
}

/** What was found; while nothing is searched for, those first that were starred, and those that were added last. */
function Candidates({ found, isSearching, onSelect }: CandidatesProps) {
  const { favourites, recent } = useChosenNodes();
  const entry = (candidate: Candidate) => (
    <Entry key={candidate.type} candidate={candidate} onSelect={() => onSelect(candidate)} />
  );
  if (isSearching) return found.map(entry);
  const among = (chosen: readonly NodeDefinition[]) =>
    chosen.flatMap(({ type }) => found.filter((candidate) => candidate.type === type));
  const first = [...among(favourites), ...among(recent)];
  const group = (title: string, members: readonly Candidate[]) =>
    members.length > 0 && <MenuGroup title={title}>{members.map(entry)}</MenuGroup>;
  return (
    <>
      {group("Favourites", among(favourites))}
      {group("Recent", among(recent))}
      {group(
        first.length ? "All others" : "Nodes",
        found.filter((candidate) => !first.includes(candidate)),
      )}
    </>
  );
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
        "border border-line-strong px-2 py-0.5 text-2xs text-ink-2",
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
    <MenuItem value={type} onSelect={onSelect}>
      <span
        className="mt-1.5 size-2 shrink-0 self-start rounded-full"
        style={{ background: definition ? colourOf(definition) : "var(--ink-3)" }}
      />
      <span className="min-w-0">
        <span className="block">
          {title}
          {ports.length > 1 && <span className="ml-1.5 text-2xs text-ink-3">{ports.length} ports fit</span>}
        </span>
        <span className="block truncate text-2xs text-ink-3">{description}</span>
      </span>
    </MenuItem>
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
