"use client";

import type { Ports } from "#nodes/core/ports";
import type { Preview } from "#nodes/core/preview";
import { Window } from "../_ui/window";
import { PreviewView } from "./previews";

/** All that a node gave, large. */
export function PreviewWindow({
  title,
  previews,
  ports,
  onClose,
}: {
  title: string;
  previews: Record<string, Preview>;
  ports: Ports;
  onClose(): void;
}) {
  return (
    <Window title={title} onClose={onClose}>
      <div className="flex flex-col gap-5">
        {Object.entries(previews).map(([name, preview]) => (
          <section key={name}>
            {preview.type !== "number" && (
              <h3 className="mb-1.5 flex items-center gap-2 text-xs font-medium text-ink-2">
                <span className="size-2 rounded-full" style={{ background: `var(--port-${preview.type})` }} />
                {name}
              </h3>
            )}
            <PreviewView name={name} preview={preview} port={ports[name]} large />
          </section>
        ))}
      </div>
    </Window>
  );
}
