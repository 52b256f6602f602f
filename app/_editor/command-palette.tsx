"use client";

import { useQuery } from "@tanstack/react-query";
import { Command as Menu } from "cmdk";
import { useRouter } from "next/navigation";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { useTRPC } from "../_trpc/client";
import { cx } from "../_ui/cx";
import { usePlacing } from "./canvas/adding";
import { useCommandContext } from "./command-context";
import { type CommandId, commandEntries, commands, runCommand } from "./commands";
import { canRun, type Command } from "./commands/command";
import { placeInGraph } from "./commands/view";
import { useEditor, useView, useViewStore } from "./context";
import { useKeysText } from "./keys";
import { MenuGroup, MenuItem } from "./menu-item";
import { colourOf, fittingTo } from "./node-catalogue";
import { useSynonyms } from "./use-synonyms";

/** All that can be done, by its name: commands, nodes to add, and graphs to open. */
export function CommandPalette() {
  const view = useViewStore();
  const [search, setSearch] = useState("");
  const close = () => view.getState().show(undefined);
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && close()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/25" />
        <Dialog.Content
          aria-describedby={undefined}
          className={cx(
            "fixed top-[14vh] left-1/2 z-50 w-[min(560px,94vw)] -translate-x-1/2 overflow-hidden",
            "rounded-xl border border-line-strong bg-raised shadow-2xl outline-none",
          )}
        >
          <Dialog.Title className="sr-only">All commands</Dialog.Title>
          <Menu label="All commands" loop filter={matching}>
            <Menu.Input
              autoFocus
              value={search}
              onValueChange={setSearch}
              placeholder="Do, add or open …"
              className="w-full border-b border-line bg-transparent px-4 py-3 text-base outline-none"
            />
            <Menu.List className="max-h-[min(420px,56vh)] overflow-y-auto p-1.5">
              <Menu.Empty className="p-4 text-center text-ink-3">Nothing is called that.</Menu.Empty>
              <CommandItems onDone={close} isSearching={search !== ""} />
              {search !== "" && <NodeItems onDone={close} />}
              {search !== "" && <GraphItems onDone={close} />}
            </Menu.List>
          </Menu>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** All words have to be there; what begins with the first one comes first, what is only called so elsewhere last. */
function matching(value: string, search: string, keywords: readonly string[] = []): number {
  const text = value.toLowerCase();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const all = [text, ...keywords].join("\n").toLowerCase();
  if (!words.every((word) => all.includes(word))) return 0;
  if (!words.every((word) => text.includes(word))) return 0.2;
  return text.startsWith(words[0] ?? "") || text.includes(` ${words[0]}`) ? 1 : 0.5;
}

interface ItemsProps {
  onDone(): void;
}

/** Commands that there is something to do for; those that were chosen last come first. */
function CommandItems({ onDone, isSearching }: ItemsProps & { isSearching: boolean }) {
  const view = useViewStore();
  const context = useCommandContext();
  const recent = useView((state) => state.recent);
  const possible = useEditor((state) =>
    commandEntries
      .filter(([, command]) => canRun(command, state))
      .map(([id]) => id)
      .join(),
  );
  const ids = possible.split(",").filter((id) => id !== "palette") as CommandId[];
  const known = recent.filter((id): id is CommandId => ids.includes(id as CommandId));
  const choose = (id: CommandId) => {
    view.getState().remember(id);
    onDone();
    // The palette is gone by then, and what had the focus has it again.
    setTimeout(() => runCommand(commands[id], context), 30);
  };
  const item = (id: CommandId) => <CommandItem key={id} id={id} onChoose={choose} />;
  if (isSearching) return <MenuGroup title="Commands">{ids.map(item)}</MenuGroup>;
  return (
    <>
      {known.length > 0 && <MenuGroup title="Recent">{known.map(item)}</MenuGroup>}
      <MenuGroup title="Commands">{ids.filter((id) => !known.includes(id)).map(item)}</MenuGroup>
    </>
  );
}

function CommandItem({ id, onChoose }: { id: CommandId; onChoose(id: CommandId): void }) {
  const command: Command = commands[id];
  const keys = useKeysText()(command);
  return (
    <MenuItem value={`${command.title} ${command.group}`} onSelect={() => onChoose(id)}>
      <span className="flex-1 truncate">{command.title}</span>
      {keys && <kbd className="font-mono text-2xs text-ink-3">{keys}</kbd>}
    </MenuItem>
  );
}

function NodeItems({ onDone }: ItemsProps) {
  const frozen = useEditor((state) => state.frozen);
  const context = useCommandContext();
  const place = usePlacing();
  const synonyms = useSynonyms(true);
  if (frozen) return null;
  return (
    <MenuGroup title="Add a node">
      {fittingTo(undefined).map((definition) => (
        <MenuItem
          key={definition.type}
          value={`Add ${definition.title} ${definition.type}`}
          keywords={synonyms[definition.type]}
          onSelect={() => {
            onDone();
            place(definition.type, placeInGraph(context));
          }}
        >
          <span className="size-2 shrink-0 rounded-full" style={{ background: colourOf(definition) }} />
          <span className="shrink-0">{definition.title}</span>
          <span className="truncate text-2xs text-ink-3">{definition.description}</span>
        </MenuItem>
      ))}
    </MenuGroup>
  );
}

function GraphItems({ onDone }: ItemsProps) {
  const router = useRouter();
  const trpc = useTRPC();
  const here = useEditor((state) => state.graphId);
  const { data: graphs = [] } = useQuery(trpc.graphs.list.queryOptions());
  return (
    <MenuGroup title="Open a graph">
      {graphs
        .filter(({ id }) => id !== here)
        .map(({ id, name }) => (
          <MenuItem
            key={id}
            value={`Open ${name} ${id}`}
            onSelect={() => {
              onDone();
              router.push(`/graphs/${id}`);
            }}
          >
            <span className="truncate">{name || "Untitled"}</span>
          </MenuItem>
        ))}
    </MenuGroup>
  );
}
