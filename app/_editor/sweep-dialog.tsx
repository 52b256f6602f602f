"use client";

import { useMutation } from "@tanstack/react-query";
import { Command } from "cmdk";
import { Play, Plus, X } from "lucide-react";
import { useRouter } from "next/navigation";
import { type ReactNode, useMemo, useState } from "react";
import { toast } from "sonner";
import { expandSweep } from "#nodes/graph/expand-sweep";
import { goalFor, nodesLeadingTo, type SweepSpec, sweepLimits, sweepSpec } from "#nodes/graph/sweep";
import { problemOf, useTRPC } from "../_trpc/client";
import { Button, IconButton } from "../_ui/button";
import { Choice } from "../_ui/choice";
import { Window } from "../_ui/window";
import { useEditor } from "./context";
import { type AxisDraft, axisOf, draftOf, isNumber, metrics, optionsOf, variable } from "./sweep-axes";

/** Asks what to vary, how, and what to look at; says how many runs that makes, and what is wrong with it; starts them. */
export function SweepDialog({ onClose }: { onClose(): void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const document = useEditor((s) => s.history.present);
  const graphId = useEditor((s) => s.graphId);
  const selection = useEditor((s) => s.selection);
  const run = useEditor((s) => s.run);
  const comparable = useMemo(() => metrics(document), [document]);
  const [mode, setMode] = useState<SweepSpec["mode"]>("grid");
  const [axes, setAxes] = useState<AxisDraft[]>([]);
  const [count, setCount] = useState("20");
  const [seed, setSeed] = useState("0");
  const [endpoint, setEndpoint] = useState(`${comparable[0]?.node}.${comparable[0]?.port}`);
  const metric = comparable.find((m) => `${m.node}.${m.port}` === endpoint);
  const [line, setLine] = useState("");
  const [goal, setGoal] = useState(goalFor(metric?.type));
  const start = useMutation(
    trpc.sweeps.create.mutationOptions({
      onSuccess: ({ id }) => router.push(`/sweeps/${id}`),
      onError: (error) => toast.error(problemOf(error).message, { description: problemOf(error).hint }),
    }),
  );

  const offered = useMemo(() => {
    const effective = metric ? nodesLeadingTo(document, metric.node) : new Set<string>();
    return variable(document, selection)
      .filter((g) => effective.has(g.node))
      .map((g) => ({ ...g, fields: g.fields.filter((f) => !axes.some((a) => a.node === g.node && a.field === f)) }));
  }, [document, selection, metric, axes]);
  const { spec, runs, problem } = useMemo(() => {
    if (!metric)
      return {
        problem:
          "No node of this graph gives a number or a series by which runs could be compared. Add one, such as an accuracy.",
      };
    if (!axes.length) return { problem: "Add the parameters that are to vary." };
    const parsed = sweepSpec.safeParse({
      mode,
      axes: axes.map((a) => axisOf(a, mode)),
      count: Number(count),
      seed: Number(seed),
      metric: {
        node: metric.node,
        port: metric.port,
        line: metric.type === "series" && line.trim() ? line.trim() : undefined,
        goal,
      },
    });
    if (!parsed.success) return { problem: said(parsed.error.issues[0]?.path ?? [], axes) };
    const {
      trials,
      problems: [wrong],
    } = expandSweep(document, parsed.data);
    return wrong ? { problem: `${wrong.message} ${wrong.hint ?? ""}` } : { spec: parsed.data, runs: trials.length };
  }, [document, metric, mode, axes, count, seed, line, goal]);

  const change = (at: number, with_: Partial<AxisDraft>) =>
    setAxes((now) => now.map((a, i) => (i === at ? { ...a, ...with_ } : a)));
  const known = metric
    ? [
        ...Object.keys(run.nodes[metric.node]?.metrics?.values ?? {}),
        ...Object.values(run.nodes[metric.node]?.previews ?? {}).flatMap((p) =>
          p.type === "series" ? p.lines.map((l) => l.name) : [],
        ),
      ]
    : [];
  return (
    <Window
      title="Sweep parameters"
      width={720}
      onClose={onClose}
      footer={
        <>
          <p className={`min-w-0 flex-1 text-xs ${axes.length && problem ? "text-bad" : "text-ink-2"}`} role="status">
            {problem ?? `${runs} ${runs === 1 ? "run" : "runs"}, in parallel over the workers.`}
          </p>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={!spec || start.isPending}
            onClick={() => spec && start.mutate({ graphId, document, spec })}
          >
            <Play className="size-3.5 fill-current" aria-hidden />
            {runs ? `Start ${runs} ${runs === 1 ? "run" : "runs"}` : "Start"}
          </Button>
        </>
      }
    >
      <p className="mb-4 text-ink-2">
        Runs this graph with many values of its parameters, and shows which of them do best.
      </p>
      <Part title="Try">
        <div className="flex flex-wrap items-center gap-3">
          <Choice
            label="Kind of search"
            options={{ grid: "Every combination", random: "Random values" }}
            value={mode}
            onChange={setMode}
          />
          {mode === "random" && (
            <>
              <label className="flex items-center gap-2 text-ink-2">
                Runs
                <input
                  className="field w-20 tabular-nums"
                  inputMode="numeric"
                  value={count}
                  onChange={(e) => setCount(e.target.value)}
                />
              </label>
              <label className="flex items-center gap-2 text-ink-2">
                Seed
                <input
                  className="field w-20 tabular-nums"
                  inputMode="numeric"
                  value={seed}
                  onChange={(e) => setSeed(e.target.value)}
                />
              </label>
            </>
          )}
        </div>
      </Part>
      <Part title="Compare by">
        <div className="flex flex-wrap items-center gap-3">
          <select
            aria-label="Metric"
            className="field w-52"
            value={endpoint}
            onChange={(e) => {
              setEndpoint(e.target.value);
              setGoal(goalFor(comparable.find((m) => `${m.node}.${m.port}` === e.target.value)?.type));
            }}
          >
            {comparable.map((m) => (
              <option key={`${m.node}.${m.port}`} value={`${m.node}.${m.port}`}>
                {m.label}
              </option>
            ))}
          </select>
          {metric?.type === "series" && (
            <>
              <input
                aria-label="Line"
                className="field w-28"
                list="sweep-lines"
                placeholder="first line"
                value={line}
                onChange={(e) => setLine(e.target.value)}
              />
              <datalist id="sweep-lines">
                {[...new Set(known)].map((n) => (
                  <option key={n}>{n}</option>
                ))}
              </datalist>
            </>
          )}
          <Choice
            label="Goal"
            options={{ max: "Highest is best", min: "Lowest is best" }}
            value={goal}
            onChange={setGoal}
          />
        </div>
      </Part>
      <Part title="Vary">
        <div className="flex flex-col gap-2">
          {axes.map((a, i) => (
            <AxisRow
              key={`${a.node}.${a.field.name}`}
              axis={a}
              title={variable(document, []).find((g) => g.node === a.node)?.title ?? a.node}
              mode={mode}
              onChange={(with_) => change(i, with_)}
              onRemove={() => setAxes(axes.filter((x) => x !== a))}
            />
          ))}
        </div>
        {axes.length < sweepLimits.axes && (
          <Picker offered={offered} onPick={(node, field) => setAxes([...axes, draftOf(document, node, field)])} />
        )}
      </Part>
    </Window>
  );
}

/** What is wrong with a field that holds no value yet. */
function said([part, at]: readonly PropertyKey[], axes: readonly AxisDraft[]): string {
  if (part === "count")
    return `The number of runs is a whole number from 1 to ${sweepLimits.runs.toLocaleString("en")}.`;
  if (part === "seed") return "The seed is a whole number from 0.";
  const axis = axes[Number(at)];
  return axis
    ? `Give ${axis.field.label} 1 to ${sweepLimits.values} values, or a range of numbers.`
    : "Something is missing.";
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="grid grid-cols-[6.5rem_1fr] gap-3 border-t border-line py-3">
    <h3 className="pt-1 font-medium text-ink-2">{title}</h3>
    <div className="min-w-0">{children}</div>
  </section>
);

function AxisRow({
  axis,
  title,
  mode,
  onChange,
  onRemove,
}: {
  axis: AxisDraft;
  title: string;
  mode: SweepSpec["mode"];
  onChange(with_: Partial<AxisDraft>): void;
  onRemove(): void;
}) {
  const { field, text, picked, ranged, min, max, log } = axis;
  const options = optionsOf(field);
  const canRange = mode === "random" && isNumber(field);
  return (
    <div className="rounded-lg border border-line-strong bg-surface p-2.5" data-axis={`${axis.node}.${field.name}`}>
      <div className="mb-1.5 flex items-center gap-2">
        <p className="min-w-0 flex-1 truncate">
          <span className="text-ink-3">{title} · </span>
          <span className="font-medium">{field.label}</span>
        </p>
        {canRange && (
          <Choice
            label={`Values of ${field.label}`}
            options={{ range: "Range", list: "List" }}
            value={ranged ? "range" : "list"}
            onChange={(v) => onChange({ ranged: v === "range" })}
          />
        )}
        <IconButton label={`Do not vary ${field.label}`} className="!size-6" onClick={onRemove}>
          <X className="size-3.5" aria-hidden />
        </IconButton>
      </div>
      {options ? (
        <div className="flex flex-wrap gap-1.5">
          {options.map((o) => {
            const on = picked.includes(o);
            return (
              <button
                key={String(o)}
                type="button"
                aria-pressed={on}
                onClick={() => onChange({ picked: options.filter((x) => (x === o ? !on : picked.includes(x))) })}
                className={`rounded-full border px-2.5 py-0.5 text-xs ${on ? "border-accent bg-accent-soft text-accent" : "border-line-strong text-ink-2 hover:bg-sunken"}`}
              >
                {o === true ? "on" : o === false ? "off" : String(o)}
              </button>
            );
          })}
        </div>
      ) : canRange && ranged ? (
        <div className="flex items-center gap-2">
          <input
            aria-label={`Smallest ${field.label}`}
            className="field w-28 tabular-nums"
            inputMode="decimal"
            value={min}
            onChange={(e) => onChange({ min: e.target.value })}
          />
          <span className="text-ink-3">to</span>
          <input
            aria-label={`Largest ${field.label}`}
            className="field w-28 tabular-nums"
            inputMode="decimal"
            value={max}
            onChange={(e) => onChange({ max: e.target.value })}
          />
          {field.unit && <span className="text-xs text-ink-3">{field.unit}</span>}
          <label className="ml-auto flex items-center gap-1.5 text-xs text-ink-2">
            <input
              type="checkbox"
              className="accent-[var(--accent)]"
              checked={log}
              onChange={(e) => onChange({ log: e.target.checked })}
            />
            Logarithmic
          </label>
        </div>
      ) : (
        <input
          aria-label={`Values of ${field.label}`}
          className="field tabular-nums"
          value={text}
          placeholder="Values, separated by commas"
          onChange={(e) => onChange({ text: e.target.value })}
        />
      )}
    </div>
  );
}

function Picker({
  offered,
  onPick,
}: {
  offered: ReturnType<typeof variable>;
  onPick(node: string, field: AxisDraft["field"]): void;
}) {
  const [open, setOpen] = useState(false);
  if (!open)
    return (
      <Button size="s" className="mt-2" onClick={() => setOpen(true)}>
        <Plus className="size-3.5" aria-hidden />
        Add a parameter
      </Button>
    );
  return (
    <Command
      label="Add a parameter"
      className="mt-2 overflow-hidden rounded-lg border border-line-strong bg-surface"
      onKeyDown={(e) => {
        if (e.key === "Escape") {
          e.stopPropagation();
          setOpen(false);
        }
      }}
    >
      <Command.Input
        autoFocus
        placeholder="Find a parameter"
        className="w-full border-b border-line bg-transparent px-3 py-2 outline-none"
      />
      <Command.List className="max-h-52 overflow-y-auto p-1">
        <Command.Empty className="p-3 text-center text-ink-3">
          No parameter that the metric depends on is called that.
        </Command.Empty>
        {offered.map(({ node, title, fields }) => (
          <Command.Group
            key={node}
            heading={title}
            className="text-xs text-ink-3 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1"
          >
            {fields.map((field) => (
              <Command.Item
                key={field.name}
                value={`${node}.${field.name}`}
                keywords={[title, field.label]}
                onSelect={() => {
                  onPick(node, field);
                  setOpen(false);
                }}
                className="flex cursor-pointer items-center justify-between gap-3 rounded-md px-2 py-1 text-[13px] text-ink data-[selected=true]:bg-accent-soft"
              >
                <span className="truncate">{field.label}</span>
                {field.unit && <span className="text-xs text-ink-3">{field.unit}</span>}
              </Command.Item>
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command>
  );
}
