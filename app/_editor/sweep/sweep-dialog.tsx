"use client";

import { useMutation } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { toast } from "../../_ui/toast";
import { sweepLimits } from "#nodes/graph/sweep";
import { problemOf, useTRPC } from "../../_trpc/client";
import { countOf } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { Choice } from "../../_ui/choice";
import { Window } from "../../_ui/window";
import { useEditor } from "../context";
import { draftAxis, variables } from "./axes";
import { AxisRow } from "./axis-row";
import { MetricFields } from "./metric-fields";
import { ParameterPicker } from "./parameter-picker";
import { type SweepForm, useSweepDraft } from "./use-sweep-draft";

/** Asks what to vary, how, and what to look at; says how many runs that makes, and what is wrong; starts them. */
export function SweepDialog({ onClose }: { onClose(): void }) {
  const form = useSweepDraft();
  return (
    <Window title="Sweep parameters" width={720} onClose={onClose} footer={<Footer form={form} onClose={onClose} />}>
      <p className="mb-4 text-ink-2">
        Runs this graph with many values of its parameters, and shows which of them do best.
      </p>
      <Part title="Try">
        <SearchFields form={form} />
      </Part>
      <Part title="Compare by">
        <MetricFields form={form} />
      </Part>
      <Part title="Vary">
        <Axes form={form} />
      </Part>
    </Window>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid grid-cols-[6.5rem_1fr] gap-3 border-t border-line py-3">
      <h3 className="pt-1 font-medium text-ink-2">{title}</h3>
      <div className="min-w-0">{children}</div>
    </section>
  );
}

function SearchFields({ form: { draft, change } }: { form: SweepForm }) {
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Choice
        label="Kind of search"
        options={{ grid: "Every combination", random: "Random values" }}
        value={draft.mode}
        onChange={(mode) => change({ mode })}
      />
      {draft.mode === "random" && (
        <>
          <WholeNumber label="Runs" value={draft.count} onChange={(count) => change({ count })} />
          <WholeNumber label="Seed" value={draft.seed} onChange={(seed) => change({ seed })} />
        </>
      )}
    </div>
  );
}

function WholeNumber({ label, value, onChange }: { label: string; value: string; onChange(text: string): void }) {
  return (
    <label className="flex items-center gap-2 text-ink-2">
      {label}
      <input
        className="field w-20 tabular-nums"
        inputMode="numeric"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

function Axes({ form: { document, draft, offered, change, changeAxis } }: { form: SweepForm }) {
  const titles = new Map(variables(document, []).map(({ node, title }) => [node, title]));
  return (
    <>
      <div className="flex flex-col gap-2">
        {draft.axes.map((axis, i) => (
          <AxisRow
            key={`${axis.node}.${axis.field.name}`}
            axis={axis}
            title={titles.get(axis.node) ?? axis.node}
            mode={draft.mode}
            onChange={(changed) => changeAxis(i, changed)}
            onRemove={() => change({ axes: draft.axes.filter((other) => other !== axis) })}
          />
        ))}
      </div>
      {draft.axes.length < sweepLimits.axes && (
        <ParameterPicker
          offered={offered}
          onPick={(node, field) => change({ axes: [...draft.axes, draftAxis(document, node, field)] })}
        />
      )}
    </>
  );
}

function Footer({ form: { document, draft, plan, judged }, onClose }: { form: SweepForm; onClose(): void }) {
  const graphId = useEditor((state) => state.graphId);
  const start = useStart();
  const runs = plan.trials && countOf(plan.trials.length, "run");
  const problem = plan.problem ?? (judged.wrong && `${judged.wrong.message} ${judged.wrong.hint ?? ""}`);
  return (
    <>
      <p className={`min-w-0 flex-1 text-xs ${draft.axes.length && problem ? "text-bad" : "text-ink-2"}`} role="status">
        {problem ?? (judged.isLooking ? `Looking at ${runs}…` : `${runs}, in parallel over the workers.`)}
      </p>
      <Button onClick={onClose}>Cancel</Button>
      <Button
        look="primary"
        disabled={problem !== undefined || judged.isLooking || start.isPending}
        onClick={() => plan.spec && start.mutate({ graphId, document, spec: plan.spec })}
      >
        <Play className="size-3.5 fill-current" aria-hidden />
        {runs ? `Start ${runs}` : "Start"}
      </Button>
    </>
  );
}

/** Queues the runs, and goes to the page that shows them. */
function useStart() {
  const trpc = useTRPC();
  const router = useRouter();
  return useMutation(
    trpc.sweeps.create.mutationOptions({
      onSuccess: ({ id }) => router.push(`/sweeps/${id}`),
      onError(error) {
        const { message, hint } = problemOf(error);
        toast.error(message, { description: hint });
      },
    }),
  );
}
