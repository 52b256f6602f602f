"use client";

import type { ReactNode } from "react";
import { Window } from "../_ui/window";
import { commandEntries } from "./commands";
import { type Command, groups } from "./commands/command";
import { useViewStore } from "./context";
import { useKeysText } from "./keys";

/** What pointers do that no command does. */
const gestures = [
  { title: "Add a node", how: "Double click beside all nodes" },
  { title: "Walk the list of nodes", how: "↑ and ↓ from its search" },
  { title: "Move the view", how: "Drag, Space+drag or the middle button" },
  { title: "Choose several", how: "Shift+drag or Ctrl+drag, Ctrl+click" },
  { title: "Copy nodes", how: "Alt+drag" },
  { title: "Move all wires of an output", how: "Shift+drag from it" },
  { title: "Place freely, off the grid", how: "Hold Alt while dragging" },
];

/** All keys, by what they are for. */
export function KeysDialog() {
  const view = useViewStore();
  return (
    <Window title="Keys" width={780} onClose={() => view.getState().show(undefined)}>
      <div className="columns-1 gap-8 sm:columns-2">
        {groups.map((group) => (
          <Section key={group} title={group}>
            {commandEntries.flatMap(([id, command]) =>
              command.group === group && command.keys.length ? [<KeyLine key={id} command={command} />] : [],
            )}
          </Section>
        ))}
        <Section title="Pointer">
          {gestures.map(({ title, how }) => (
            <Line key={title} title={title}>
              <span className="text-ink-2">{how}</span>
            </Line>
          ))}
        </Section>
      </div>
    </Window>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mb-4 break-inside-avoid">
      <h3 className="mb-1 text-2xs font-semibold text-ink-3">{title}</h3>
      <dl>{children}</dl>
    </section>
  );
}

function KeyLine({ command }: { command: Command }) {
  const keysText = useKeysText();
  return (
    <Line title={command.title}>
      {command.keys.map((keys) => (
        <kbd key={keys} className="rounded border border-line-strong bg-sunken px-1.5 py-px font-mono text-2xs">
          {keysText({ ...command, keys: [keys] })}
        </kbd>
      ))}
    </Line>
  );
}

function Line({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-3 py-[3px]">
      <dt>{title}</dt>
      <dd className="flex shrink-0 gap-1.5 text-right text-xs">{children}</dd>
    </div>
  );
}
