import { Boxes } from "lucide-react";
import { compositeType } from "#nodes/graph/composites";
import { dragType } from "../drag-type";
import { useEditor } from "../context";

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
      className="flex w-full cursor-grab items-center gap-2 rounded-md px-1.5 py-1 text-left hover:bg-sunken"
    >
      <Boxes className="size-3.5 shrink-0 text-ink-3" aria-hidden />
      <span className="truncate">{title}</span>
    </button>
  );
}
