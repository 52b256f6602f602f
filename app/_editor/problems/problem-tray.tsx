"use client";

import { ClipboardCopy } from "lucide-react";
import { useMemo } from "react";
import { toast } from "../../_ui/toast";
import { countOf } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { copyText } from "../../_ui/copy-text";
import { cx } from "../../_ui/cx";
import { Popup } from "../../_ui/popup";
import { useChecked, useEditor } from "../context";
import { type Listed, listed, reportOf } from "./listed";
import { ProblemGroups } from "./problem-groups";

/** How many problems there are; opens their list. What is merely not wired yet is told quietly. */
export function ProblemTray() {
  const { problems, graph } = useChecked();
  const wasAsked = useEditor((state) => state.wasAsked);
  const all = useMemo(() => listed(problems, graph.flat.document.nodes), [problems, graph]);
  const alarms = all.errors.length + (wasAsked ? all.unwired.length : 0);
  if (!problems.length) return null;
  return (
    <Popup
      label="Problems"
      className="flex max-h-[min(560px,80vh)] w-[min(420px,94vw)] flex-col overflow-y-auto p-2"
      trigger={
        <button
          type="button"
          title="Show the problems (F8 walks them)"
          data-problems={alarms}
          className={cx(
            "rounded-full px-2 py-0.5 text-xs font-medium",
            alarms ? "bg-bad-soft text-bad" : "bg-sunken text-ink-2 hover:text-ink",
          )}
        >
          {alarms ? countOf(alarms, "problem") : quietText(all)}
        </button>
      }
    >
      <ProblemGroups all={all} isRed={wasAsked} />
      <CopyReport all={all} />
    </Popup>
  );
}

function quietText({ warnings, unwired }: Listed): string {
  return warnings.length ? countOf(warnings.length, "remark") : `${countOf(unwired.length, "input")} to wire`;
}

function CopyReport({ all }: { all: Listed }) {
  const { graph } = useChecked();
  async function copy(): Promise<void> {
    const text = reportOf(all, graph.flat.document);
    const isCopied = await copyText(text);
    toast(
      isCopied ? "Copied: what is wrong and where, and nothing that was typed." : "This browser lets no page copy.",
    );
  }
  return (
    <Button size="s" look="quiet" className="self-start" onClick={() => void copy()}>
      <ClipboardCopy className="size-3.5" aria-hidden />
      Copy as a report
    </Button>
  );
}
