"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTRPC } from "../_trpc/client";
import { usePlacing } from "./canvas/adding";
import { useCommandContext } from "./command-context";
import { type CommandId, commandEntries, commands, runCommand } from "./commands";
import { canRun, type Command } from "./commands/command";
import { placeInGraph } from "./commands/view";
import { useEditor, useView, useViewStore } from "./context";
import { useKeysText } from "./keys";
import { ListDialog } from "./list-dialog";
import { MenuGroup, MenuItem } from "./menu-item";
import { colourOf, fittingTo } from "./node-catalogue";
import { useSynonyms } from "./use-synonyms";

/** All that can be done, by its name: commands, nodes to add, and graphs to open. */
export function CommandPalette() {
  const view = useViewStore();
  const [search, setSearch] = useState("");
  const close = () => view.getState().show(undefined);
  return (
    <ListDialog
      label="All commands"
      placeholder="Do, add or open …"
      search={search}
      onSearch={setSearch}
      onClose={close}
    >
      <CommandItems onDone={close} isSearching={search !== ""} />
      {search !== "" && <NodeItems onDone={close} />}
      {search !== "" && <GraphItems onDone={close} />}
    </ListDialog>
  );
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
    // A line keeps the keywords that it was made with: once they are known, lines are made anew.
    <MenuGroup key={Object.keys(synonyms).length} title="Add a node">
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
