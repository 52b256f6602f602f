"use client";

import { goalFor } from "#nodes/graph/sweep";
import { Choice } from "../../_ui/choice";
import { useEditor } from "../context";
import type { NodeRun } from "../run-state";
import type { SweepForm } from "./use-sweep-draft";

/** Which output of the graph runs are compared by, and whether it is to be high or low. */
export function MetricFields({ form: { draft, comparable, metric, change } }: { form: SweepForm }) {
  const pick = (endpoint: string) =>
    change({ endpoint, goal: goalFor(comparable.find((other) => other.endpoint === endpoint)?.type) });
  return (
    <div className="flex flex-wrap items-center gap-3">
      <select
        aria-label="Metric"
        className="field w-52"
        value={draft.endpoint}
        onChange={(event) => pick(event.target.value)}
      >
        {comparable.map(({ endpoint, label }) => (
          <option key={endpoint} value={endpoint}>
            {label}
          </option>
        ))}
      </select>
      {metric?.type === "series" && (
        <LineField node={metric.node} value={draft.line} onChange={(line) => change({ line })} />
      )}
      <Choice
        label="Goal"
        options={{ max: "Highest is best", min: "Lowest is best" }}
        value={draft.goal}
        onChange={(goal) => change({ goal })}
      />
    </div>
  );
}

/** The line of a series; offered are those that the last run drew. */
function LineField({ node, value, onChange }: { node: string; value: string; onChange(text: string): void }) {
  const run = useEditor((state) => state.run.nodes[node]);
  return (
    <>
      <input
        aria-label="Line"
        className="field w-28"
        list="sweep-lines"
        placeholder="first line"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id="sweep-lines">
        {linesOf(run).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </datalist>
    </>
  );
}

function linesOf(run: NodeRun | undefined): string[] {
  const drawn = Object.values(run?.previews ?? {}).flatMap((preview) =>
    preview.type === "series" ? preview.lines.map((line) => line.name) : [],
  );
  return [...new Set([...Object.keys(run?.metrics?.values ?? {}), ...drawn])];
}
