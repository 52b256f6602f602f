import { Star } from "lucide-react";
import { type SyntheticEvent, useEffect, useId, useRef, useState } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import { IconButton } from "../_ui/button";
import { cx } from "../_ui/cx";
import { useView, useViewStore } from "./context";
import { colourOf } from "./node-catalogue";
import { PaletteEntry } from "./palette-entry";
import { type Beside, PortsCard } from "./ports-card";

interface NodeEntryProps {
  definition: NodeDefinition;
  onPick(type: string): void;
}

/** A node type in the palette: what it takes and gives is beside it under pointer or focus; it can be starred. */
export function NodeEntry({ definition, onPick }: NodeEntryProps) {
  const { type, title } = definition;
  const { beside, comeNear, leave } = useNearness();
  const cardId = useId();
  const dot = <span className="size-2 shrink-0 rounded-full" style={{ background: colourOf(definition) }} />;
  return (
    <div
      className="group flex items-center"
      onPointerEnter={comeNear}
      onPointerLeave={leave}
      onFocus={comeNear}
      onBlur={leave}
      onDragStart={leave}
    >
      <PaletteEntry describedBy={beside && cardId} icon={dot} {...{ type, title, onPick }} />
      <StarButton type={type} title={title} />
      {beside && <PortsCard id={cardId} definition={definition} beside={beside} />}
    </div>
  );
}

/** Milliseconds that the pointer rests at an entry before more is shown: who passes by sees nothing. */
const pause = 250;

/** Where an entry lies while the pointer or the focus rests at it. */
function useNearness() {
  const [beside, setBeside] = useState<Beside>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  function comeNear({ currentTarget }: SyntheticEvent<HTMLElement>): void {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setBeside(currentTarget.getBoundingClientRect()), pause);
  }
  function leave(): void {
    clearTimeout(timer.current);
    setBeside(undefined);
  }
  return { beside, comeNear, leave };
}

function StarButton({ type, title }: { type: string; title: string }) {
  const view = useViewStore();
  const isFavourite = useView(({ favourites }) => favourites.includes(type));
  function toggle(): void {
    const { favourites, set } = view.getState();
    set({ favourites: isFavourite ? favourites.filter((other) => other !== type) : [...favourites, type] });
  }
  return (
    <IconButton
      label={isFavourite ? `Take ${title} out of the favourites` : `Add ${title} to the favourites`}
      aria-pressed={isFavourite}
      className={cx("!size-6", !isFavourite && "!hidden group-focus-within:!inline-flex group-hover:!inline-flex")}
      onClick={toggle}
    >
      <Star className={cx("size-3.5", isFavourite && "fill-current text-warn")} aria-hidden />
    </IconButton>
  );
}
