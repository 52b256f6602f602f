"use client";

import type { Ports } from "#nodes/core/ports";
import type { Preview } from "#nodes/core/preview";
import { Window } from "../_ui/window";
import { useEditor, wayTo } from "./context";
import { PreviewView } from "./previews";
import { OwnBeforeAfter } from "./previews/own-before-after";
import { PictureSaving } from "./previews/picture-saving";
import { RowsTable } from "./previews/rows-table";
import { useSavePicture } from "./previews/save-picture";
import { TensorSlices } from "./previews/tensor-slices";
import { hasEnded } from "./run-state";

interface PreviewWindowProps {
  id: string;
  title: string;
  previews: Record<string, Preview>;
  ports: Ports;
  onClose(): void;
}

/** All that a node gave, large; of a run that is over also the numbers and rows themselves, as far as they are kept. */
export function PreviewWindow({ id, title, previews, ports, onClose }: PreviewWindowProps) {
  const node = useEditor((state) => wayTo(state, id));
  const run = useEditor((state) => (hasEnded(state.run.status) ? state.run.id : undefined));
  const save = useSavePicture(run);
  return (
    <Window title={title} onClose={onClose}>
      <div className="flex flex-col gap-5">
        <OwnBeforeAfter node={node} previews={previews} />
        {Object.entries(previews).map(([name, preview]) => (
          <section key={name}>
            {preview.type !== "number" && (
              <h3 className="mb-1.5 flex items-center gap-2 text-xs font-medium text-ink-2">
                <span className="size-2 rounded-full" style={{ background: `var(--port-${preview.type})` }} />
                {name}
              </h3>
            )}
            <PictureSaving value={save}>
              <PreviewView name={name} preview={preview} port={ports[name]} large />
            </PictureSaving>
            {run && preview.type === "tensor" && (
              <TensorSlices run={run} node={node} port={name} shape={preview.shape} />
            )}
          </section>
        ))}
        {run && <RowsTable run={run} node={node} />}
      </div>
    </Window>
  );
}
