"use client";

import { useQueries } from "@tanstack/react-query";
import { memo, useState } from "react";
import { PreviewView } from "../../_editor/previews";
import { useTRPC } from "../../_trpc/client";
import { Card } from "../../_ui/card";
import { type Comparison, hueOf, nameOf } from "./compare-table";

/** What one node gave in each of the runs, side by side. */
export const OutputsSideBySide = memo(function OutputsSideBySide({ runs }: { runs: Comparison["runs"] }) {
  const trpc = useTRPC();
  const nodes = [...new Set(runs.flatMap(({ ends }) => ends))];
  const [chosen, setChosen] = useState<string>();
  const node = chosen !== undefined && nodes.includes(chosen) ? chosen : nodes[0];
  const previews = useQueries({
    queries: runs.map(({ id }) => ({
      ...trpc.runs.previews.queryOptions({ id, node: node ?? "" }),
      enabled: node !== undefined,
    })),
  });
  if (node === undefined) return null;
  return (
    <Card
      title="Outputs"
      actions={
        <select
          aria-label="Node"
          className="field w-auto max-w-56"
          value={node}
          onChange={(event) => setChosen(event.target.value)}
        >
          {nodes.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      }
    >
      <div className="flex gap-4 overflow-x-auto pb-1">
        {runs.map((run, place) => {
          const entries = Object.entries(previews[place]?.data ?? {});
          return (
            <section key={run.id} className="w-72 shrink-0">
              <h3 className="mb-1.5 flex items-center gap-2 text-xs font-medium">
                <span className="size-2.5 shrink-0 rounded-full" style={{ background: hueOf(place) }} />
                <span className="truncate">{nameOf(run)}</span>
              </h3>
              {entries.map(([name, preview]) => (
                <PreviewView key={name} name={name} preview={preview} />
              ))}
              {!entries.length && <p className="text-ink-3">It gave nothing here.</p>}
            </section>
          );
        })}
      </div>
    </Card>
  );
});
