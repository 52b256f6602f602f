"use client";

import { Command } from "cmdk";
import { useEffect } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import { cx } from "../_ui/cx";
import { colourOf, fittingTo, type LooseWire } from "./node-catalogue";

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
  fitting?: LooseWire;
  onPick(type: string): void;
  onClose(): void;
}) {
  useEscape(onClose);
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
          placeholder={askFor(fitting)}
          className="w-full border-b border-line bg-transparent px-3 py-2.5 outline-none"
        />
        <Command.List className="max-h-72 overflow-y-auto p-1.5">
          <Command.Empty className="p-3 text-center text-ink-3">No node fits.</Command.Empty>
          {fittingTo(fitting).map((definition) => (
            <Entry key={definition.type} definition={definition} onPick={onPick} />
          ))}
        </Command.List>
      </Command>
    </>
  );
}

function askFor(wire: LooseWire | undefined): string {
  if (!wire) return "Add a node";
  return wire.side === "source" ? `Nodes that take ${wire.type}` : `Nodes that give ${wire.type}`;
}

function Entry({ definition, onPick }: { definition: NodeDefinition; onPick(type: string): void }) {
  const { type, title, description } = definition;
  return (
    <Command.Item
      value={`${title} ${type}`}
      onSelect={() => onPick(type)}
      className={cx(
        "flex cursor-pointer items-start gap-2 rounded-md px-2 py-1.5",
        "data-[selected=true]:bg-accent-soft",
      )}
    >
      <span className="mt-1.5 size-2 shrink-0 rounded-full" style={{ background: colourOf(definition) }} />
      <span className="min-w-0">
        <span className="block">{title}</span>
        <span className="block truncate text-[11px] text-ink-3">{description}</span>
      </span>
    </Command.Item>
  );
}

function useEscape(onEscape: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape") onEscape();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [onEscape]);
}
