"use client";

import { useReactFlow } from "@xyflow/react";
import { Wrench } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { toast } from "../../_ui/toast";
import type { GraphDocument } from "#nodes/graph/document";
import { fixOf } from "#nodes/graph/fixes";
import type { Problem } from "#nodes/graph/problem";
import { countOf } from "../../_ui/amounts";
import { cx } from "../../_ui/cx";
import { memory } from "../checked";
import { showNode } from "../commands/view";
import { useEditor, useEditorStore } from "../context";
import { bunched, type Listed, type ListedProblem } from "./listed";
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

/** Mends a problem where it is known how. */
function FixButton({ problem }: { problem: Problem }) {
  const store = useEditorStore();
  const document = useEditor((state) => state.history.present);
  const frozen = useEditor((state) => state.frozen);
  const fix = useMemo(() => (frozen ? undefined : fixOf(document, problem, { memory })), [document, problem, frozen]);
  if (!fix) return null;
  function apply(change: (document: GraphDocument) => GraphDocument): void {
    const before = store.getState().history.present;
    store.getState().editWhole(change);
    if (store.getState().history.present === before)
      toast("No repair is known.", { description: "Delete the wire, or wire something else." });
  }
  return (
    <button
      type="button"
      data-fix
      onClick={() => apply(fix.change)}
      className="mt-1 flex items-center gap-1 rounded border border-current px-1.5 py-0.5 text-left font-medium"
    >
      <Wrench className="size-3 shrink-0" aria-hidden />
      {fix.title}
    </button>
  );
}

/** A message behind a node's name, which it may begin with itself. */
function afterName(name: string | undefined, message: string): string {
  if (!name) return message;
  return message.startsWith(name) ? message.slice(name.length) : `: ${message}`;
}

interface GroupProps {
  title: string;
  list: readonly ListedProblem[];
  look: string;
}

function Group({ title, list, look }: GroupProps) {
  if (!list.length) return null;
  return (
    <section className="mb-2">
      <h3 className="label mb-1">{title}</h3>
      {bunched(list).map((bunch) => {
        const [first] = bunch;
        const { node, port, param, message } = first?.problem ?? {};
        return (
          <div key={`${node}${port}${param}${message}`} className={cx("mb-1 rounded-md px-2 py-1.5 text-xs", look)}>
            {bunch.length > 1 ? <Bunch bunch={bunch} /> : first && <OneProblem listed={first} />}
          </div>
        );
      })}
    </section>
  );
}

/** What is the same of several nodes: how many there are, and which, once it is opened. */
function Bunch({ bunch }: { bunch: readonly ListedProblem[] }) {
  const { message = "", hint } = bunch[0]?.problem ?? {};
  return (
    <details data-bunch={bunch.length}>
      <summary className="cursor-pointer wrap-anywhere">
        <b>{countOf(bunch.length, "node")}</b>: {message}
        {hint && <span className="block">{hint}</span>}
      </summary>
      <ul className="mt-1 flex flex-col gap-1">
        {bunch.map(({ problem, title }) => (
          <li key={problem.node}>
            <ProblemButton problem={problem}>
              <b>{title}</b> <code className="text-2xs">{problem.node}</code>
            </ProblemButton>
            <FixButton problem={problem} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function OneProblem({ listed: { problem, title } }: { listed: ListedProblem }) {
  return (
    <>
      <ProblemButton problem={problem}>
        {title && <b>{title}</b>}
        {afterName(title, problem.message)}
        {problem.hint && <span className="block">{problem.hint}</span>}
      </ProblemButton>
      <FixButton problem={problem} />
    </>
  );
}

/** Shows where a problem is. */
function ProblemButton({ problem, children }: { problem: Problem; children: ReactNode }) {
  const store = useEditorStore();
  const flow = useReactFlow();
  const centre = (id: string) => showNode(flow, id);
  return (
    <button
      type="button"
      onClick={() => showProblem(store, problem, centre)}
      className="block w-full text-left wrap-anywhere"
    >
      {children}
    </button>
  );
}
