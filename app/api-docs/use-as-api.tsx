"use client";

import { useQuery } from "@tanstack/react-query";
import { Copy, ExternalLink } from "lucide-react";
import { useState } from "react";
import { Button } from "../_ui/button";
import { copyAndTell } from "../_ui/copied";
import { Window } from "../_ui/window";
import { type Called, type Language, languages, snippetOf } from "./snippets";
import { addressHere, pathHere } from "../_ui/path-here";

interface Told extends Omit<Called, "origin" | "graph"> {
  version: { number: number; name: string };
}

/** How the graph is called from other programs, with its own parameters and outputs. */
export function UseAsApi({ graph, onClose }: { graph: string; onClose(): void }) {
  const { data, error } = useQuery({ queryKey: ["use-as-api", graph], queryFn: () => readGraph(graph), retry: false });
  return (
    <Window title="Use as API" width={840} onClose={onClose}>
      {error && (
        <p className="rounded-lg border border-line bg-bad-soft p-3 text-bad" role="alert">
          {error.message}
        </p>
      )}
      {data && <Snippets graph={graph} told={data} />}
      <p className="mt-3 flex gap-4 text-sm">
        <DocsLink href={`/api-docs?graph=${graph}`}>This graph's API</DocsLink>
        <DocsLink href="/api-docs">The whole API</DocsLink>
        <DocsLink href={`/api/v1/graphs/${graph}/openapi.json`}>OpenAPI document</DocsLink>
      </p>
    </Window>
  );
}

function DocsLink({ href, children }: { href: string; children: string }) {
  return (
    <a className="inline-flex items-center gap-1 underline" href={pathHere(href)} target="_blank" rel="noreferrer">
      {children}
      <ExternalLink className="size-3.5" aria-hidden />
    </a>
  );
}

function Snippets({ graph, told }: { graph: string; told: Told }) {
  const [language, setLanguage] = useState<Language>("curl");
  const text = snippetOf({ ...told, origin: addressHere(""), graph }, language);
  return (
    <>
      <p className="mb-3 text-ink-2">
        Runs version {told.version.number}, “{told.version.name}”: the last one with a name, never what is being edited.
      </p>
      <div className="mb-2 flex items-center gap-1" role="tablist" aria-label="Language">
        {languages.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            aria-selected={each === language}
            className="rounded-md px-2.5 py-1 text-sm aria-selected:bg-sunken aria-selected:font-semibold"
            onClick={() => setLanguage(each)}
          >
            {each}
          </button>
        ))}
        <span className="flex-1" />
        <Button look="quiet" size="s" onClick={() => void copyAndTell(text)}>
          <Copy className="size-3.5" aria-hidden />
          Copy
        </Button>
      </div>
      <pre className="overflow-x-auto rounded-lg border border-line bg-sunken p-3 font-mono text-xs">{text}</pre>
    </>
  );
}

async function readGraph(graph: string): Promise<Told> {
  const answer = await fetch(pathHere(`/api/v1/graphs/${graph}`));
  const told = (await answer.json()) as Told & { detail?: string; remedy?: string };
  if (!answer.ok) throw new Error([told.detail, told.remedy].filter(Boolean).join(" "));
  return told;
}
