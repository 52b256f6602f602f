import { Boxes, Trash2 } from "lucide-react";
import { compositeType } from "#nodes/graph/composites";
import { IconButton } from "../../_ui/button";
import { dragType } from "../drag-type";
import { useEditor } from "../context";
import { entryType, useEntries, useRemoveEntry } from "./use-library";

interface EntriesProps {
  search: string;
  onPick(type: string): void;
}

/** The composites of the graph, of each of which any number of instances can be had. */
export function CompositeEntries({ search, onPick }: EntriesProps) {
  const composites = useEditor((state) => state.history.present.composites) ?? {};
  const words = search.toLowerCase();
  const found = Object.entries(composites).filter(([, { title }]) => title.toLowerCase().includes(words));
  if (!found.length) return null;
  return (
    <section>
      <h3 className="px-1.5 pt-3 pb-1 text-[11px] font-semibold tracking-wide text-ink-3 uppercase">In this graph</h3>
      {found.map(([id, { title, description }]) => (
        <CompositeEntry key={id} type={compositeType(id)} title={title} description={description} onPick={onPick} />
      ))}
    </section>
  );
}

/** The composites that are kept for all graphs; one that is put on the canvas is copied. */
export function LibraryEntries({ search, onPick }: EntriesProps) {
  const words = search.toLowerCase();
  const found = useEntries().filter(({ title }) => title.toLowerCase().includes(words));
  const remove = useRemoveEntry();
  if (!found.length) return null;
  return (
    <section data-library>
      <h3 className="px-1.5 pt-3 pb-1 text-[11px] font-semibold tracking-wide text-ink-3 uppercase">My nodes</h3>
      {found.map(({ id, title, description, version }) => (
        <div key={id} className="group flex items-center">
          <CompositeEntry type={entryType(id)} title={title} description={description} onPick={onPick} />
          <span className="shrink-0 text-[11px] text-ink-3 group-focus-within:hidden group-hover:hidden">
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

interface EntryProps {
  /** What is dragged, and picked. */
  type: string;
  title: string;
  description: string | undefined;
  onPick(type: string): void;
}

export function CompositeEntry({ type, title, description, onPick }: EntryProps) {
  return (
    <button
      type="button"
      draggable
      data-palette={type}
      title={description}
      onDragStart={(event) => event.dataTransfer.setData(dragType, type)}
      onDoubleClick={() => onPick(type)}
      onKeyDown={(event) => event.key === "Enter" && onPick(type)}
      className="flex w-full min-w-0 cursor-grab items-center gap-2 rounded-md px-1.5 py-1 text-left hover:bg-sunken"
    >
      <Boxes className="size-3.5 shrink-0 text-ink-3" aria-hidden />
      <span className="truncate">{title}</span>
    </button>
  );
}
