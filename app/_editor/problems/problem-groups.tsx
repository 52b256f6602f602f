"use client";

import { useReactFlow } from "@xyflow/react";
import { cx } from "../../_ui/cx";
import { showNode } from "../commands/view";
import { useEditorStore } from "../context";
import type { Listed, ListedProblem } from "./listed";
import { showProblem } from "./walk";

/** The list itself, also in the inspector of the graph. */
export function ProblemGroups({ all, isRed }: { all: Listed; isRed: boolean }) {
  return (
    <>
      <Group title="Errors" list={all.errors} look="bg-bad-soft text-bad" />
      <Group title="Remarks" list={all.warnings} look="bg-warn-soft text-warn" />
      <Group
        title="Not wired yet"
        list={all.unwired}
        look={isRed ? "bg-bad-soft text-bad" : "text-ink-2 hover:bg-sunken"}
      />
    </>
  );
}

function Group({ title, list, look }: { title: string; list: readonly ListedProblem[]; look: string }) {
  const store = useEditorStore();
  const flow = useReactFlow();
  const centre = (id: string) => showNode(flow, id);
  if (!list.length) return null;
  return (
    <section className="mb-2">
      <h3 className="label mb-1">{title}</h3>
      {list.map(({ problem, title: name }) => (
        <button
          key={`${problem.node}${problem.port}${problem.message}`}
          type="button"
          onClick={() => showProblem(store, problem, centre)}
          className={cx("mb-1 block w-full rounded-md px-2 py-1.5 text-left text-xs wrap-anywhere", look)}
        >
          {name && <b>{name}: </b>}
          {problem.message}
          {problem.hint && <span className="block">{problem.hint}</span>}
        </button>
      ))}
    </section>
  );
}
