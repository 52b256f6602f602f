"use client";

import { useMemo, useState } from "react";
import { reachOf } from "#nodes/graph/settable";
import { useEditor } from "../context";
import { type AxisDraft, metrics, variables } from "./axes";
import { emptyDraft, planOf, type SweepDraft } from "./draft";
import { useWrongTrial } from "./use-wrong-trial";

/** The dialog's state: the draft, what it makes of the graph, and what can be chosen next. */
export function useSweepDraft() {
  const document = useEditor((state) => state.history.present);
  const selection = useEditor((state) => state.selection);
  const comparable = useMemo(() => metrics(document), [document]);
  const [draft, setDraft] = useState(() => emptyDraft(comparable[0]));
  const metric = comparable.find(({ endpoint }) => endpoint === draft.endpoint);
  const plan = useMemo(() => planOf(document, draft, metric), [document, draft, metric]);
  const judged = useWrongTrial(document, plan);

  // Only parameters that the metric depends on, and those once.
  const offered = useMemo(() => {
    const isEffective = metric ? reachOf(document, metric) : () => false;
    const isVaried = (node: string, name: string) =>
      draft.axes.some((axis) => axis.node === node && axis.field.name === name);
    return variables(document, selection)
      .map((variable) => ({
        ...variable,
        fields: variable.fields.filter(
          ({ name }) => !isVaried(variable.node, name) && isEffective(variable.node, name),
        ),
      }))
      .filter(({ fields }) => fields.length > 0);
  }, [document, selection, metric, draft.axes]);

  const change = (changed: Partial<SweepDraft>) => setDraft((now) => ({ ...now, ...changed }));
  const changeAxis = (place: number, changed: Partial<AxisDraft>) =>
    setDraft((now) => ({
      ...now,
      axes: now.axes.map((axis, i) => (i === place ? { ...axis, ...changed } : axis)),
    }));
  return { document, draft, comparable, metric, plan, judged, offered, change, changeAxis };
}
export type SweepForm = ReturnType<typeof useSweepDraft>;
