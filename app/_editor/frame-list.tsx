"use client";

import { useState } from "react";
import { frameItem, frameOf, isHeld, outermost, withMembers } from "#nodes/graph/annotations";
import { useSizes } from "./canvas/room";
import { useEditor, useEditorStore, useViewStore } from "./context";
import { ListDialog } from "./list-dialog";
import { MenuItem } from "./menu-item";

/** The frames that what is chosen can be put into, and none of them; one that is locked takes nothing in. */
export function FrameList() {
  const store = useEditorStore();
  const view = useViewStore();
  const sizeOf = useSizes();
  const [search, setSearch] = useState("");
  const shown = useEditor((state) => state.shown);
  const selection = useEditor((state) => state.selection);
  const moving = new Set(withMembers(shown, selection));
  const frames = Object.entries(shown.frames ?? {}).filter(
    ([id]) => !moving.has(frameItem(id)) && !isHeld(shown, frameItem(id)),
  );
  const isFramed = outermost(shown, selection).some((item) => frameOf(shown, item) !== undefined);
  const close = () => view.getState().show(undefined);
  async function put(frame: string | undefined, told: string): Promise<void> {
    close();
    const { putIntoFrame } = await import("./layout-graph");
    store.getState().edit((graph) => putIntoFrame(graph, selection, frame, sizeOf));
    view.getState().announce(told);
  }
  return (
    <ListDialog
      label="Put into a frame"
      placeholder="Which frame?"
      search={search}
      onSearch={setSearch}
      onClose={close}
    >
      {frames.map(([id, { title }]) => (
        <MenuItem key={id} value={`${title} ${id}`} onSelect={() => void put(id, `Put into the frame ${title}.`)}>
          {title}
        </MenuItem>
      ))}
      {isFramed && (
        <MenuItem value="no frame" onSelect={() => void put(undefined, "Put out of the frame.")}>
          No frame
        </MenuItem>
      )}
    </ListDialog>
  );
}
