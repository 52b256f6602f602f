import type { FormLimits } from "#nodes/graph/published-form";
import { NumberField } from "../_ui/number-field";

const limitLabels: { [L in keyof Required<FormLimits>]: string } = {
  minutes: "Minutes",
  rows: "Rows",
  steps: "Steps of a training",
};

/** What a run may take at most; nothing typed is no limit. */
export function LimitFields({ limits = {}, onChange }: { limits?: FormLimits; onChange(limits: FormLimits): void }) {
  return (
    <div className="flex flex-wrap items-center gap-3 text-xs text-ink-2">
      At most
      {(Object.entries(limitLabels) as [keyof FormLimits, string][]).map(([name, label]) => (
        <span key={name} className="flex items-center gap-1.5">
          <NumberField
            label={label}
            hint="any"
            value={limits[name]}
            onChange={(value) => onChange({ ...limits, [name]: value })}
          />
          {label.toLowerCase()}
        </span>
      ))}
    </div>
  );
}
