import type { ReactNode } from "react";
import { dragType } from "./drag-type";

interface EntryProps {
  /** What is dragged, and picked. */
  type: string;
  title: string;
  /** Shown by the browser while the pointer rests there. */
  description?: string;
  /** The id of what is shown of it at length. */
  describedBy?: string;
  icon: ReactNode;
  onPick(type: string): void;
}

/** What can be put on the canvas: dragged there, or with a double click or Enter. */
export function PaletteEntry({ type, title, description, describedBy, icon, onPick }: EntryProps) {
  return (
    <button
      type="button"
      draggable
      data-palette={type}
      title={description}
      aria-describedby={describedBy}
      onDragStart={(event) => event.dataTransfer.setData(dragType, type)}
      onDoubleClick={() => onPick(type)}
      onKeyDown={(event) => event.key === "Enter" && onPick(type)}
      className="flex w-full min-w-0 cursor-grab items-center gap-2 rounded-md px-1.5 py-1 text-left hover:bg-sunken"
    >
      {icon}
      <span className="truncate">{title}</span>
    </button>
  );
}
