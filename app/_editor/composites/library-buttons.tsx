"use client";

import { ArrowUpCircle, BookmarkPlus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { compositeNamed } from "#nodes/graph/composites";
import type { LibraryEntry } from "#nodes/graph/library";
import { Button } from "../../_ui/button";
import { useEditor } from "../context";
import { useEntries, useReadEntry, useSaveEntry } from "./use-library";

const UpdateWindow = lazy(async () => ({ default: (await import("./update-window")).UpdateWindow }));

/** Saves a composite to My nodes, and offers what was saved there since it was copied. */
export function LibraryButtons({ composite }: { composite: string }) {
  const origin = useEditor((state) => compositeNamed(state.history.present, composite)?.origin);
  const [isSaving, setSaving] = useState(false);
  const [offered, setOffered] = useState<LibraryEntry>();
  const entry = useEntries().find(({ id }) => id === origin?.id);
  const read = useReadEntry();
  const save = useSaveEntry();
  const isNewer = entry !== undefined && origin !== undefined && entry.version > origin.version;
  const saveOnce = async () => {
    setSaving(true);
    await save(composite);
    setSaving(false);
  };
  return (
    <>
      <Button size="s" disabled={isSaving} onClick={() => void saveOnce()}>
        <BookmarkPlus className="size-3.5" aria-hidden />
        {entry ? `Save as version ${entry.version + 1}` : "Save to My nodes"}
      </Button>
      {isNewer && (
        <Button size="s" onClick={() => void read(entry.id).then(setOffered)}>
          <ArrowUpCircle className="size-3.5 text-accent" aria-hidden />
          Update to version {entry.version}…
        </Button>
      )}
      {offered && (
        <Suspense>
          <UpdateWindow composite={composite} entry={offered} onClose={() => setOffered(undefined)} />
        </Suspense>
      )}
    </>
  );
}
