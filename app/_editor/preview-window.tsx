"use client";

import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { Preview } from "#nodes/core/preview";
import { IconButton } from "../_ui/button";
import { PreviewView } from "./previews";

/** All that a node gave, large. */
export function PreviewWindow({ title, previews, onClose }: { title: string; previews: Record<string, Preview>; onClose(): void }) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Content aria-describedby={undefined} className="fixed top-1/2 left-1/2 z-50 flex max-h-[86vh] w-[min(860px,94vw)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-xl border border-line bg-raised shadow-2xl">
          <div className="flex items-center justify-between border-b border-line px-4 py-2.5">
            <Dialog.Title className="font-semibold">{title}</Dialog.Title>
            <Dialog.Close asChild><IconButton label="Close"><X className="size-4" aria-hidden /></IconButton></Dialog.Close>
          </div>
          <div className="flex flex-col gap-5 overflow-y-auto p-4">
            {Object.entries(previews).map(([name, preview]) => (
              <section key={name}>
                {preview.type !== "number" && <h3 className="mb-1.5 flex items-center gap-2 text-xs font-medium text-ink-2"><span className="size-2 rounded-full" style={{ background: `var(--port-${preview.type})` }} />{name}</h3>}
                <PreviewView name={name} preview={preview} large />
              </section>
            ))}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
