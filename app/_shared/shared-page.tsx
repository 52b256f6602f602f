import { Cable } from "lucide-react";
import type { ReactNode } from "react";
import type { SharedContent } from "#server/links/content";
import { Markdown } from "../_ui/markdown";
import { GraphPicture } from "./graph-picture";
import { RunParts } from "./run-parts";

interface SharedPageProps {
  token: string;
  title: string;
  content: SharedContent;
  /** What can be done with it. */
  children?: ReactNode;
}

/** What a link shows: its name, the graph as a picture, and below it the results; on a phone all in one column. */
export function SharedPage({ token, title, content, children }: SharedPageProps) {
  const { document, ...rest } = content;
  const { description, version } = rest;
  return (
    <div className="mx-auto w-full max-w-6xl px-4 pt-4 pb-12 sm:px-6" data-shared>
      <p className="mb-3 flex items-center gap-1.5 text-xs text-ink-3">
        <Cable className="size-3.5" aria-hidden />
        Shared from Patchbay
      </p>
      <header className="mb-4 flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1 className="text-xl font-semibold wrap-anywhere">{title}</h1>
          {version && (
            <p className="text-ink-2">
              Version {version.number}, “{version.label}”
            </p>
          )}
        </div>
        {children}
      </header>
      {description && (
        <div className="mb-4 max-w-3xl text-sm text-ink-2">
          <Markdown text={description} />
        </div>
      )}
      {document && <GraphPicture document={document} />}
      <RunParts token={token} content={rest} />
    </div>
  );
}
