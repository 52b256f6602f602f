import { ArrowDown, ArrowUp, Trash2 } from "lucide-react";
import { IconButton } from "../_ui/button";

interface OrderButtonsProps {
  name: string;
  isFirst?: boolean;
  isLast?: boolean;
  onMove(by: 1 | -1): void;
  onRemove(): void;
}

/** Moves one entry of a list up or down, and takes it out. */
export function OrderButtons({ name, isFirst, isLast, onMove, onRemove }: OrderButtonsProps) {
  return (
    <span className="flex shrink-0">
      <IconButton label={`${name} up`} className="!size-7" disabled={isFirst} onClick={() => onMove(-1)}>
        <ArrowUp className="size-3.5" aria-hidden />
      </IconButton>
      <IconButton label={`${name} down`} className="!size-7" disabled={isLast} onClick={() => onMove(1)}>
        <ArrowDown className="size-3.5" aria-hidden />
      </IconButton>
      <IconButton label={`Take ${name} out`} className="!size-7" onClick={onRemove}>
        <Trash2 className="size-3.5" aria-hidden />
      </IconButton>
    </span>
  );
}
