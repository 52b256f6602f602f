import { Boxes, Trash2 } from "lucide-react";
import { compositeType, isUsed, withoutUnused } from "#nodes/graph/composites";

import { IconButton } from "../../_ui/button";
import { useEditor, useEditorStore } from "../context";
import { searchNodes } from "../node-search";
import { PaletteEntry } from "../palette-entry";
import { entryType, useEntries, useRemoveEntry } from "./use-library";

const icon = <Boxes className="size-3.5 shrink-0 text-ink-3" aria-hidden />;

interface EntriesProps {
  search: string;
  onPick(type: string): void;
}

/** The composites of the graph, of each of which any number of instances can be had. */
export function CompositeEntries({ search, onPick }: EntriesProps) {
  const store = useEditorStore();
  const document = useEditor((state) => state.history.present);
  const frozen = useEditor((state) => state.frozen);
  const { composites = {} } = document;
  const entries = Object.entries(composites).map(([id, { title, description }]) => ({
    id,
    type: compositeType(id),
    title,
    description,
  }));
  const found = searchNodes(entries, search);
  if (!found.length) return null;
  return (
    <section>
      <h3 className="px-1.5 pt-3 pb-1 text-2xs font-semibold tracking-wide text-ink-3 uppercase">In this graph</h3>
      {found.map(({ id, type, title, description }) => (
        <div key={id} className="group flex items-center">
          <PaletteEntry {...{ type, title, description, icon, onPick }} />
          {!frozen && !isUsed(document, id) && (
            <IconButton
              label={`Delete ${title}, of which there is no instance`}
              className="!size-6 shrink-0"
              onClick={() => store.getState().editWhole((now) => withoutUnused(now, id))}
            >
              <Trash2 className="size-3.5" aria-hidden />
            </IconButton>
          )}
        </div>
      ))}
    </section>
  );
}

/** The composites that are kept for all graphs; one that is put on the canvas is copied. */
export function LibraryEntries({ search, onPick }: EntriesProps) {
  const entries = useEntries().map((entry) => ({ ...entry, type: entryType(entry.id) }));
  const found = searchNodes(entries, search);
  const remove = useRemoveEntry();
  if (!found.length) return null;
  return (
    <section data-library>
      <h3 className="px-1.5 pt-3 pb-1 text-2xs font-semibold tracking-wide text-ink-3 uppercase">My nodes</h3>
      {found.map(({ id, type, title, description, version }) => (
        <div key={id} className="group flex items-center">
          <PaletteEntry {...{ type, title, description, icon, onPick }} />
          <span className="shrink-0 text-2xs text-ink-3 group-focus-within:hidden group-hover:hidden">
            {version > 1 && `v${version}`}
          </span>
          <IconButton
            label={`Take ${title} out of My nodes`}
            className="!size-6 !hidden group-focus-within:!inline-flex group-hover:!inline-flex"
            onClick={() => void remove(id)}
          >
            <Trash2 className="size-3.5" aria-hidden />
          </IconButton>
        </div>
      ))}
    </section>
  );
}
