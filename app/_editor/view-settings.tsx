"use client";

import { useKept } from "../_ui/kept";
import { thresholdChoice } from "./canvas/level-of-detail";
import { usualThreshold } from "./canvas/judged";

const choices = { "0": "never", "20": "20 %", "30": "30 %", "45": "45 %", "60": "60 %" };

/** How the canvas is drawn, kept for this browser. */
export function ViewSettings() {
  const [below, setBelow] = useKept(thresholdChoice, String(100 * usualThreshold));
  return (
    <label className="mt-auto flex items-center justify-between gap-2 border-t border-line pt-3 text-ink-2">
      Nodes become boxes below
      <select className="field !w-24" value={below} onChange={(event) => setBelow(event.target.value)}>
        {Object.entries(choices).map(([percent, text]) => (
          <option key={percent} value={percent}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
