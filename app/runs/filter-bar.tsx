"use client";

import { ListFilter, Star, X } from "lucide-react";
import { useState } from "react";
import { Button } from "../_ui/button";
import { cx } from "../_ui/cx";
import { SearchField } from "../_ui/page";
import { Popup } from "../_ui/popup";
import type { Condition, Facets, RunFilter, Status } from "./use-runs";

interface FilterBarProps {
  filter: RunFilter;
  facets: Facets | undefined;
  onChange(filter: RunFilter): void;
}

const statuses: Record<Status, string> = {
  queued: "Queued",
  running: "Running",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** What the runs that are listed have in common. */
export function FilterBar({ filter, facets, onChange }: FilterBarProps) {
  const set = (changed: Partial<RunFilter>) => onChange({ ...filter, ...changed });
  const { conditions = [] } = filter;
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField label="Find a run" value={filter.search ?? ""} onChange={(search) => set({ search })} />
      <Select
        label="Status"
        all="Any status"
        value={filter.statuses?.[0] ?? ""}
        options={Object.entries(statuses)}
        onChange={(status) => set({ statuses: status ? [status as Status] : undefined })}
      />
      <Select
        label="Graph"
        all="Any graph"
        value={filter.graphId ?? ""}
        options={(facets?.graphs ?? []).map(({ id, name }) => [id, name])}
        onChange={(graphId) => set({ graphId: graphId || undefined })}
      />
      {(facets?.tags.length ?? 0) > 0 && (
        <Select
          label="Tag"
          all="Any tag"
          value={filter.tag ?? ""}
          options={(facets?.tags ?? []).map((tag) => [tag, tag])}
          onChange={(tag) => set({ tag: tag || undefined })}
        />
      )}
      <Button
        aria-pressed={filter.starred ?? false}
        onClick={() => set({ starred: filter.starred ? undefined : true })}
        className={cx(filter.starred && "!bg-sunken")}
      >
        <Star className={cx("size-3.5", filter.starred && "fill-current text-warn")} aria-hidden />
        Starred
      </Button>
      <ConditionButton facets={facets} onAdd={(condition) => set({ conditions: [...conditions, condition] })} />
      {conditions.map((condition) => (
        <ConditionChip
          key={JSON.stringify(condition)}
          condition={condition}
          onRemove={() => set({ conditions: conditions.filter((each) => each !== condition) })}
        />
      ))}
    </div>
  );
}

interface SelectProps {
  label: string;
  /** What stands for all. */
  all: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange(value: string): void;
}

function Select({ label, all, value, options, onChange }: SelectProps) {
  return (
    <select
      aria-label={label}
      className="field w-auto max-w-44"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{all}</option>
      {options.map(([each, text]) => (
        <option key={each} value={each}>
          {text}
        </option>
      ))}
    </select>
  );
}

function ConditionChip({ condition, onRemove }: { condition: Condition; onRemove(): void }) {
  const text = `${condition.name.replace(".", " · ")} ${condition.operator} ${condition.value}`;
  return (
    <span className="inline-flex items-center gap-1 rounded-full bg-sunken py-0.5 pr-1 pl-2.5 text-xs">
      {text}
      <button
        type="button"
        aria-label={`Without ${text}`}
        onClick={onRemove}
        className="rounded-full p-0.5 hover:text-bad"
      >
        <X className="size-3" aria-hidden />
      </button>
    </span>
  );
}

const operators: readonly Condition["operator"][] = ["=", "≠", "<", "≤", ">", "≥"];
const firstCondition: Condition = { kind: "metric", name: "", operator: ">", value: "" };

/** Adds what a parameter was set to, or what a number came to. */
function ConditionButton({ facets, onAdd }: { facets: Facets | undefined; onAdd(condition: Condition): void }) {
  const [isOpen, setOpen] = useState(false);
  const [draft, setDraft] = useState(firstCondition);
  const set = (changed: Partial<Condition>) => setDraft({ ...draft, ...changed });
  const isWhole = /.\../.test(draft.name) && draft.value.trim() !== "";
  function add(): void {
    onAdd({ ...draft, name: draft.name.trim(), value: draft.value.trim() });
    setDraft(firstCondition);
    setOpen(false);
  }
  return (
    <Popup
      open={isOpen}
      onOpenChange={setOpen}
      align="start"
      className="w-80 p-3"
      trigger={
        <Button>
          <ListFilter className="size-3.5" aria-hidden />
          Parameter or number
        </Button>
      }
    >
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (isWhole) add();
        }}
      >
        <select
          aria-label="Kind"
          className="field"
          value={draft.kind}
          onChange={(event) => set({ kind: event.target.value as Condition["kind"] })}
        >
          <option value="metric">A number that the run gave</option>
          <option value="parameter">A parameter of its graph</option>
        </select>
        <input
          aria-label="Name"
          className="field"
          list="condition-names"
          placeholder={draft.kind === "metric" ? "accuracy.top1" : "trainer.lr"}
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
        />
        <datalist id="condition-names">
          {draft.kind === "metric" && facets?.numbers.map((name) => <option key={name} value={name} />)}
        </datalist>
        <div className="flex gap-2">
          <select
            aria-label="Comparison"
            className="field w-16"
            value={draft.operator}
            onChange={(event) => set({ operator: event.target.value as Condition["operator"] })}
          >
            {operators.map((operator) => (
              <option key={operator}>{operator}</option>
            ))}
          </select>
          <input
            aria-label="Value"
            className="field"
            value={draft.value}
            onChange={(event) => set({ value: event.target.value })}
          />
        </div>
        <Button type="submit" look="primary" disabled={!isWhole}>
          Add
        </Button>
      </form>
    </Popup>
  );
}
