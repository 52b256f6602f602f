"use client";

import { useMemo, useState } from "react";
import { reachOf } from "#nodes/graph/settable";
import type { GraphDocument } from "#nodes/graph/document";
import { useEditor, useView } from "../context";
import { type AxisDraft, draftAxis, type Metric, metrics, variables } from "./axes";
import type { Varied } from "./can-vary";
import { emptyDraft, planOf, type SweepDraft } from "./draft";
import { useWrongTrial } from "./use-wrong-trial";

/**
 * The dialog's state: the draft, which may begin with a parameter that was asked for, what it makes of
 * the graph, and what can be chosen next.
 */
export function useSweepDraft() {
  const document = useEditor((state) => state.history.present);
  const selection = useEditor((state) => state.selection);
  const comparable = useMemo(() => metrics(document), [document]);
  const varied = useView((state) => state.varied);
  const [draft, setDraft] = useState(() => firstDraft(document, comparable, varied));
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

/** Compares by what depends on the parameter that is to vary. */
function firstDraft(document: GraphDocument, comparable: readonly Metric[], varied: Varied | undefined): SweepDraft {
  if (!varied) return emptyDraft(comparable[0]);
  const { node, param } = varied;
  const dependent = comparable.find((metric) => reachOf(document, metric)(node, param));
  const own = variables(document, []).find((variable) => variable.node === node);
  const fields = own?.fields.filter(({ name }) => name === param) ?? [];
  return { ...emptyDraft(dependent ?? comparable[0]), axes: fields.map((field) => draftAxis(document, node, field)) };
}
