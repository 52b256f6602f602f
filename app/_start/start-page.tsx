"use client";

import { FileUp, Plus } from "lucide-react";
import { lazy, Suspense, useRef, useState } from "react";
import { toast } from "../_ui/toast";
import { type GraphDocument, limits } from "#nodes/graph/document";
import { parseBytes } from "#nodes/graph/parse";
import { tooLarge } from "#nodes/graph/size-limits";
import { isBundleFile } from "../_open/bundles";
import { openFiles } from "../_open/opening";
import { problemOf } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Complaint } from "../_ui/page";
import { Shell } from "../_ui/shell";
import { GraphList } from "./graph-list";
import { TemplateCards } from "./template-cards";
import type { TemplateEntry } from "./template-entry";
import { useGraphs } from "./use-graphs";

const RegistriesWindow = lazy(async () => ({ default: (await import("./registries-window")).RegistriesWindow }));

interface StartPageProps {
  templates: readonly TemplateEntry[];
  /** Whether the visitor operates this installation. */
  mayOperate: boolean;
}

/** What a visitor meets: templates to start from, then the graphs that are there. */
export function StartPage({ templates, mayOperate }: StartPageProps) {
  const { graphs, create, remove, pick } = useGraphs();
  const open = async (file: File) => {
    if (isBundleFile(file)) return void openFiles([file]);
    const document = await readGraph(file);
    if (document !== undefined) create.mutate({ document });
  };
  return (
    <Shell
      here="start"
      actions={
        <>
          <OpenFile onFile={(file) => void open(file)} />
          <Button look="primary" disabled={create.isPending} onClick={() => create.mutate({})}>
            <Plus className="size-4" aria-hidden />
            <span className="max-sm:sr-only">New graph</span>
          </Button>
        </>
      }
    >
      <TemplateCards templates={templates} disabled={create.isPending} onPick={pick} />
      {mayOperate && <RegistriesButton />}
      <section aria-labelledby="graphs" className="mt-10">
        <h2 id="graphs" className="mb-3 text-base font-semibold tracking-tight">
          Your graphs
        </h2>
        {graphs.error && <Complaint>{problemOf(graphs.error).message}</Complaint>}
        {graphs.data && (
          <GraphList
            graphs={graphs.data}
            onCopy={(id) => create.mutate({ from: id })}
            onRemove={(id) => remove.mutate({ id })}
          />
        )}
      </section>
    </Shell>
  );
}

/** The way to the registries of templates, for whoever decides on them. */
function RegistriesButton() {
  const [isOpen, setOpen] = useState(false);
  return (
    <p className="mt-4 text-right text-xs">
      <button type="button" className="text-ink-3 hover:text-ink hover:underline" onClick={() => setOpen(true)}>
        Registries of templates…
      </button>
      {isOpen && (
        <Suspense>
          <RegistriesWindow onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </p>
  );
}

function OpenFile({ onFile }: { onFile(file: File): void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="application/json,.json,.patchbay"
        className="hidden"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onFile(file);
          event.target.value = "";
        }}
      />
      <Button onClick={() => input.current?.click()}>
        <FileUp className="size-4" aria-hidden />
        <span className="max-sm:sr-only">Open file</span>
      </Button>
    </>
  );
}

/** The graph in a file; nothing where there is none, which is told. */
async function readGraph(file: File): Promise<GraphDocument | undefined> {
  const { document, problems } =
    file.size > limits.bytes
      ? { document: undefined, problems: [tooLarge(file.size)] }
      : parseBytes(new Uint8Array(await file.arrayBuffer()));
  const problem = problems?.[0];
  if (problem) {
    const description = `${problem.message} ${problem.hint ?? ""}`;
    toast.error(`“${file.name}” cannot be opened`, { description, duration: 12_000 });
  }
  return document;
}
