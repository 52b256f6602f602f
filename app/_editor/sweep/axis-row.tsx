"use client";

import { X } from "lucide-react";
import type { SweepSpec } from "#nodes/graph/sweep";
import { IconButton } from "../../_ui/button";
import { Checkbox } from "../../_ui/checkbox";
import { Choice } from "../../_ui/choice";
import { Pills } from "../../_ui/pills";
import type { AxisDraft } from "./axes";
import { isNumber, type Option, optionsOf } from "./can-vary";

interface AxisProps {
  axis: AxisDraft;
  onChange(changed: Partial<AxisDraft>): void;
}

/** One parameter that varies, and the values it takes. */
export function AxisRow({
  axis,
  title,
  mode,
  onChange,
  onRemove,
}: AxisProps & { title: string; mode: SweepSpec["mode"]; onRemove(): void }) {
  const { field } = axis;
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
            value={axis.ranged ? "range" : "list"}
            onChange={(kind) => onChange({ ranged: kind === "range" })}
          />
        )}
        <IconButton label={`Do not vary ${field.label}`} className="!size-6" onClick={onRemove}>
          <X className="size-3.5" aria-hidden />
        </IconButton>
      </div>
      <Values axis={axis} ranged={canRange && axis.ranged} onChange={onChange} />
    </div>
  );
}

function Values({ axis, ranged, onChange }: AxisProps & { ranged: boolean }) {
  const options = optionsOf(axis.field);
  if (options)
    return (
      <Pills options={options} chosen={axis.picked} textOf={optionText} onChange={(picked) => onChange({ picked })} />
    );
  if (ranged) return <RangeFields axis={axis} onChange={onChange} />;
  return (
    <input
      aria-label={`Values of ${axis.field.label}`}
      className="field tabular-nums"
      value={axis.text}
      placeholder="Values, separated by commas"
      onChange={(event) => onChange({ text: event.target.value })}
    />
  );
}

function optionText(option: Option): string {
  if (option === true) return "on";
  return option === false ? "off" : option;
}

function RangeFields({ axis: { field, min, max, log }, onChange }: AxisProps) {
  return (
    <div className="flex items-center gap-2">
      <Bound label={`Smallest ${field.label}`} value={min} onChange={(text) => onChange({ min: text })} />
      <span className="text-ink-3">to</span>
      <Bound label={`Largest ${field.label}`} value={max} onChange={(text) => onChange({ max: text })} />
      {field.unit && <span className="text-xs text-ink-3">{field.unit}</span>}
      <Checkbox
        label="Logarithmic"
        className="ml-auto"
        checked={log}
        onChange={(checked) => onChange({ log: checked })}
      />
    </div>
  );
}

function Bound({ label, value, onChange }: { label: string; value: string; onChange(text: string): void }) {
  return (
    <input
      aria-label={label}
      className="field w-28 tabular-nums"
      inputMode="decimal"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
