"use client";

import { Download } from "lucide-react";
import type { SharedContent, SharedFile, SharedNode, SharedRun } from "#server/links/content";
import { BlobFolder, useBlobUrl } from "../_editor/blob-folder";
import { PreviewView } from "../_editor/previews";
import { duration, size } from "../_ui/amounts";
import { LazyChart } from "../_ui/lazy-chart";
import { StatusMark } from "../_ui/status";
import { ComparedRuns } from "./compared-runs";

/** The results that a link shows: of one run its nodes, of several what they have side by side. */
export function RunParts({ token, content }: { token: string; content: Omit<SharedContent, "document"> }) {
  const [run, ...others] = content.runs;
  if (!run) return null;
  return (
    <BlobFolder value={`/s/${token}/files`}>
      {others.length ? <ComparedRuns content={content} /> : <OneRun run={run} version={content.version?.number} />}
    </BlobFolder>
  );
}

function OneRun({ run, version }: { run: SharedRun; version?: number }) {
  const isOther = run.version !== undefined && version !== undefined && run.version !== version;
  return (
    <section className="mt-6" aria-label="Results">
      <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="text-base font-semibold">Results</h2>
        <StatusMark status={run.status} />
        <span className="text-ink-3">
          {[run.took === undefined ? "" : `took ${duration(run.took)}`, run.provider ?? ""].filter(Boolean).join(" · ")}
          {isOther && ` · of version ${run.version}`}
        </span>
      </div>
      {run.error && (
        <p className="mb-3 rounded-lg bg-bad-soft p-3 wrap-anywhere text-bad">
          <b>{run.error.message}</b> {run.error.hint}
        </p>
      )}
      <ResultCards nodes={run.nodes} />
      <Files files={run.files} />
    </section>
  );
}

/** One card for each node; one column on a phone. */
export function ResultCards({ nodes }: { nodes: readonly SharedNode[] }) {
  return (
    <div className="grid grid-cols-1 gap-3 md:grid-cols-2">
      {nodes.filter(showsSomething).map((node) => (
        <article key={node.id} className="min-w-0 rounded-xl border border-line bg-surface p-3" data-result={node.id}>
          <h3 className="mb-2 font-medium">{node.title}</h3>
          {node.error && <p className="wrap-anywhere text-bad">{node.error}</p>}
          <div className="space-y-3">
            {Object.entries(node.previews).map(([name, preview]) => (
              <PreviewView key={name} name={name} preview={preview} large />
            ))}
            {node.curves.map(({ name, label, x, y }) => (
              <figure key={name}>
                <LazyChart label={label} x={x} lines={[{ name, values: y }]} height={180} />
                <figcaption className="text-2xs text-ink-3">{name}</figcaption>
              </figure>
            ))}
          </div>
        </article>
      ))}
    </div>
  );
}

/** What gave a file alone is among the files, where those are shown. */
const showsSomething = ({ error, previews, curves }: SharedNode): boolean =>
  Boolean(error) || curves.length > 0 || Object.keys(previews).length > 0;

function Files({ files }: { files: readonly SharedFile[] }) {
  const blobUrl = useBlobUrl();
  if (!files.length) return null;
  return (
    <section className="mt-4" aria-label="Files">
      <h3 className="mb-1 font-medium">Files</h3>
      <ul>
        {files.map(({ node, name, ref, bytes }) => (
          <li key={`${node} ${ref}`}>
            <a href={blobUrl(ref, name)} className="inline-flex items-center gap-1.5 py-1 text-accent hover:underline">
              <Download className="size-4 shrink-0" aria-hidden />
              <span className="wrap-anywhere">{name}</span>
              <span className="shrink-0 text-ink-3">{size(bytes)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
