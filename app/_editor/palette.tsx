"use client";

import { Command } from "cmdk";
import { ChevronDown, Search } from "lucide-react";
import { useEffect, useState } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import { definitions as all } from "./context";

/** What a dragged node type travels as. */
export const dragType = "application/patchbay-node";
const categories = [...new Set(all.map((d) => d.type.split(".")[0] as string))];
const order = ["data", "image", "text", "model", "loss", "train", "weights", "eval", "output"];
categories.sort((a, b) => ((order.indexOf(a) + 99) % 99) - ((order.indexOf(b) + 99) % 99));
const colour = (d: NodeDefinition): string =>
  `var(--port-${(Object.values<Port>(d.outputs)[0] ?? Object.values<Port>(d.inputs)[0])?.type ?? "file"})`;
const matches = (d: NodeDefinition, words: string): boolean =>
  words
    .toLowerCase()
    .split(/\s+/)
    .every((w) => `${d.title} ${d.type} ${d.description}`.toLowerCase().includes(w));

/** All node types, by category and by search; dragged onto the canvas or put there with Enter. */
export function Palette({ onPick }: { onPick(type: string): void }) {
  const [search, setSearch] = useState("");
  const [closed, setClosed] = useState<string[]>([]);
  return (
    <div className="flex h-full flex-col">
      <label className="relative m-2.5">
        <Search className="absolute top-2 left-2.5 size-4 text-ink-3" aria-hidden />
        <input
          className="field pl-8"
          placeholder="Search nodes"
          aria-label="Search nodes"
          value={search}
          onChange={(e) => setSearch(e.target.value)}
          onKeyDown={(e) => {
            const first = all.find((d) => matches(d, search));
            if (e.key === "Enter" && search && first) onPick(first.type);
          }}
        />
      </label>
      <div className="flex-1 overflow-y-auto px-2 pb-4">
        {categories.map((category) => {
          const list = all.filter((d) => d.type.startsWith(`${category}.`) && matches(d, search));
          const open = search !== "" || !closed.includes(category);
          if (!list.length) return null;
          return (
            <section key={category}>
              <button
                type="button"
                aria-expanded={open}
                onClick={() =>
                  setClosed((now) => (now.includes(category) ? now.filter((c) => c !== category) : [...now, category]))
                }
                className="flex w-full items-center justify-between px-1.5 pt-3 pb-1 text-[11px] font-semibold tracking-wide text-ink-3 uppercase hover:text-ink-2"
              >
                {category}
                <ChevronDown className={`size-3.5 transition ${open ? "" : "-rotate-90"}`} aria-hidden />
              </button>
              {open &&
                list.map((d) => (
                  <button
                    key={d.type}
                    type="button"
                    draggable
                    data-palette={d.type}
                    title={d.description}
                    onDragStart={(e) => e.dataTransfer.setData(dragType, d.type)}
                    onDoubleClick={() => onPick(d.type)}
                    onKeyDown={(e) => e.key === "Enter" && onPick(d.type)}
                    className="flex w-full cursor-grab items-center gap-2 rounded-md px-1.5 py-1 text-left hover:bg-sunken"
                  >
                    <span className="size-2 shrink-0 rounded-full" style={{ background: colour(d) }} />
                    <span className="truncate">{d.title}</span>
                  </button>
                ))}
            </section>
          );
        })}
        {!all.some((d) => matches(d, search)) && <p className="p-3 text-center text-ink-3">No node is called that.</p>}
      </div>
    </div>
  );
}

/** Search at the pointer: after a double click, or where a wire was dropped; then only nodes that fit the wire. */
export function PalettePopup({
  x,
  y,
  fitting,
  onPick,
  onClose,
}: {
  x: number;
  y: number;
  fitting?: { type: string; side: "source" | "target" };
  onPick(type: string): void;
  onClose(): void;
}) {
  useEffect(() => {
    const close = (e: KeyboardEvent) => e.key === "Escape" && onClose();
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [onClose]);
  const list = all.filter(
    (d) =>
      !fitting ||
      Object.values<Port>(d[fitting.side === "source" ? "inputs" : "outputs"]).some((p) => p.type === fitting.type),
  );
  return (
    <>
      <button type="button" aria-label="Close" className="fixed inset-0 z-30 cursor-default" onClick={onClose} />
      <Command
        label="Add a node"
        className="fixed z-40 w-72 overflow-hidden rounded-xl border border-line-strong bg-raised shadow-2xl"
        style={{ left: Math.min(x, window.innerWidth - 300), top: Math.min(y, window.innerHeight - 340) }}
      >
        <Command.Input
          autoFocus
          placeholder={
            fitting ? `Nodes that take ${fitting.side === "source" ? "" : "or give "}${fitting.type}` : "Add a node"
          }
          className="w-full border-b border-line bg-transparent px-3 py-2.5 outline-none"
        />
        <Command.List className="max-h-72 overflow-y-auto p-1.5">
          <Command.Empty className="p-3 text-center text-ink-3">No node fits.</Command.Empty>
          {list.map((d) => (
            <Command.Item
              key={d.type}
              value={`${d.title} ${d.type}`}
              onSelect={() => onPick(d.type)}
              className="flex cursor-pointer items-start gap-2 rounded-md px-2 py-1.5 data-[selected=true]:bg-accent-soft"
            >
              <span className="mt-1.5 size-2 shrink-0 rounded-full" style={{ background: colour(d) }} />
              <span className="min-w-0">
                <span className="block">{d.title}</span>
                <span className="block truncate text-[11px] text-ink-3">{d.description}</span>
              </span>
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </>
  );
}
