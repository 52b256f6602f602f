"use client";

import { useQuery } from "@tanstack/react-query";
import { FileQuestion, LoaderCircle } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { toast } from "../_ui/toast";
import type { GraphDocument } from "#nodes/graph/document";
import { leavingWith, type UploadedFile, withOtherFile } from "#nodes/graph/leaving";
import { useTRPC } from "../_trpc/client";
import { countOf } from "../_ui/amounts";
import { Button } from "../_ui/button";
import { Window } from "../_ui/window";
import { useEditor, useEditorStore, useView, useViewStore } from "./context";
import { upload } from "./upload";

const filesOf = new WeakMap<GraphDocument, readonly UploadedFile[]>();

/** The files that a graph names. Documents are never changed in place. */
function filesIn(document: GraphDocument): readonly UploadedFile[] {
  const known = filesOf.get(document) ?? leavingWith(document).files;
  filesOf.set(document, known);
  return known;
}

/** The files that the graph names and this installation does not have. */
function useMissing(): { missing: readonly UploadedFile[]; refetch(): void } {
  const trpc = useTRPC();
  const frozen = useEditor((state) => state.frozen);
  const files = useEditor((state) => filesIn(state.history.present));
  const refs = files.map(({ ref }) => ref);
  const isAsked = refs.length > 0 && !frozen;
  const { data, refetch } = useQuery({
    ...trpc.graphs.missingFiles.queryOptions({ refs }, { enabled: isAsked }),
    staleTime: 60_000,
  });
  const gone = new Set(isAsked ? data : []);
  return { missing: files.filter(({ ref }) => gone.has(ref)), refetch: () => void refetch() };
}

/**
 * A graph from elsewhere names files that did not come with it: they are listed as soon as that is found, and from then
 * on by a line of the inspector.
 */
export function MissingFiles() {
  const view = useViewStore();
  const { missing, refetch } = useMissing();
  const isShown = useView((state) => state.overlay === "files");
  const told = useRef(new Set<string>());
  const fresh = missing.some(({ ref }) => !told.current.has(ref));
  useEffect(() => {
    if (!fresh) return;
    for (const { ref } of missing) told.current.add(ref);
    view.getState().show("files");
  }, [fresh, missing, view]);
  const close = () => view.getState().show(undefined);
  useEffect(() => {
    if (isShown && !missing.length) view.getState().show(undefined);
  }, [isShown, missing.length, view]);
  if (!isShown || !missing.length) return null;
  const footer = (
    <Button className="ml-auto" onClick={close}>
      Later
    </Button>
  );
  return (
    <Window title={`${countOf(missing.length, "file")} not here`} width={620} footer={footer} onClose={close}>
      <p className="mb-3 text-ink-2">
        The graph names files that were uploaded somewhere else. Choose the same ones, or others in their place.
      </p>
      <ul className="divide-y divide-line rounded-lg border border-line" data-missing-files>
        {missing.map((file) => (
          <MissingFile key={file.ref} file={file} onFound={refetch} />
        ))}
      </ul>
    </Window>
  );
}

function MissingFile({ file, onFound }: { file: UploadedFile; onFound(): void }) {
  const store = useEditorStore();
  const [isBusy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  async function take(chosen: File | undefined): Promise<void> {
    if (!chosen) return;
    setBusy(true);
    try {
      const { ref, name } = await upload(chosen);
      // The same bytes have the same name: then nothing of the graph changes.
      if (ref === file.ref) onFound();
      else store.getState().editWhole((document) => withOtherFile(document, file.ref, { ref, name }));
    } catch (error) {
      toast.error((error as Error).message);
    } finally {
      setBusy(false);
    }
  }
  return (
    <li className="flex items-center gap-3 px-3 py-2" data-missing={file.name}>
      <FileQuestion className="size-4 shrink-0 text-ink-3" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{file.name}</p>
        <p className="truncate font-mono text-2xs text-ink-3" title={`sha256 ${file.ref}`}>
          {file.usedBy.join(", ")}
        </p>
      </div>
      <input
        ref={input}
        type="file"
        tabIndex={-1}
        aria-hidden
        className="hidden"
        onChange={({ target }) => void take(target.files?.[0])}
      />
      <Button size="s" disabled={isBusy} aria-label={`Choose ${file.name}`} onClick={() => input.current?.click()}>
        {isBusy && <LoaderCircle className="size-3.5 animate-spin" aria-hidden />}
        Choose…
      </Button>
    </li>
  );
}

/** In the inspector of the graph: that files are missing, and the way to their list. */
export function MissingFilesLine() {
  const view = useViewStore();
  const { missing } = useMissing();
  if (!missing.length) return null;
  return (
    <button
      type="button"
      onClick={() => view.getState().show("files")}
      className="rounded-md bg-warn-soft px-2 py-1.5 text-left text-xs text-warn"
    >
      {countOf(missing.length, "file")} of this graph {missing.length === 1 ? "is" : "are"} not here. Choose…
    </button>
  );
}
