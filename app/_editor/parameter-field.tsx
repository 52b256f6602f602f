"use client";

import { Radar, RotateCcw } from "lucide-react";
import { setParam } from "#nodes/graph/edits";
import { constantIn, paramsWith } from "#nodes/graph/constants";
import { IconButton } from "../_ui/button";
import { ConstantChoice, ConstantValueOf } from "./constant-choice";
import { constantsHolder } from "#nodes/graph/sweep";
import { useCheckedNode, useEditor, useEditorStore, useViewStore } from "./context";
import { PublishButton } from "./composites/publish-button";
import { isNumber, optionsOf } from "./sweep/can-vary";
import { ValueOrigin } from "./value-origin";
import { widgets } from "./widgets";
import type { Field } from "./widgets/describe";
import type { WidgetProps } from "./widgets/widget-props";

/** One parameter of a node: its label, its widget, what it means and what is wrong with it. */
export function ParameterField({ node, field }: { node: string; field: Field }) {
  const store = useEditorStore();
  const params = useEditor((state) => state.shown.nodes[node]?.params);
  const constants = useEditor((state) => state.history.present.constants);
  const frozen = useEditor((state) => state.frozen);
  const problems = useCheckedNode(node)?.problems ?? [];
  const isSet = params !== undefined && Object.hasOwn(params, field.name);
  const problem = problems.find((other) => other.param === field.name);
  const constant = constantIn(params?.[field.name]);
  const id = `${node}-${field.name}`;
  const Widget = widgets[field.widget];
  const setValue: WidgetProps["onChange"] = (value, part = "") =>
    store
      .getState()
      .edit((document) => setParam(document, node, field.name, value), `param ${node}.${field.name} ${part}`);
  return (
    <div className="group py-2">
      <div className="mb-1 flex h-5 items-center justify-between gap-2">
        <label htmlFor={id} className="min-w-0 flex-1 truncate font-medium text-ink-2" title={field.name}>
          {field.label}
        </label>
        {!frozen && constant === undefined && <ConstantChoice node={node} field={field} />}
        <PublishButton node={node} field={field} />
        <SweepButton node={node} field={field} constant={constant} />
        {!isSet && field.fallback !== undefined && (
          <span className="text-2xs text-ink-3" data-default>
            default
          </span>
        )}
        {isSet && !frozen && (
          <IconButton
            label={`Return ${field.label} to its default`}
            className="!size-5"
            onClick={() => setValue(undefined)}
          >
            <RotateCcw className="size-3" aria-hidden />
          </IconButton>
        )}
      </div>
      {constant === undefined ? (
        <Widget
          id={id}
          field={field}
          value={isSet ? params[field.name] : field.fallback}
          onChange={setValue}
          others={params && paramsWith(constants ?? {}, params)}
          disabled={frozen}
        />
      ) : (
        <ConstantValueOf node={node} field={field} name={constant} />
      )}
      <ValueOrigin node={node} field={field} value={isSet ? params[field.name] : undefined} />
      {field.description && <p className="mt-1 text-2xs text-ink-3">{field.description}</p>}
      {problem && (
        <p className="mt-1 text-2xs wrap-anywhere text-bad">
          {problem.message} {problem.hint}
        </p>
      )}
    </div>
  );
}

interface SweepButtonProps {
  node: string;
  field: Field;
  /** Whose value the parameter has: then it is what varies. */
  constant: string | undefined;
}

/** Asks for a sweep that begins with the value that a parameter has. A sweep varies nodes of the graph itself. */
function SweepButton({ node, field, constant }: SweepButtonProps) {
  const view = useViewStore();
  const isOffered = useEditor((state) => !state.frozen && state.graphId !== undefined && !state.path.length);
  if (!isOffered || !(isNumber(field) || optionsOf(field))) return null;
  const varied = constant === undefined ? { node, param: field.name } : { node: constantsHolder, param: constant };
  return (
    <IconButton
      label={`Sweep ${field.label} from this value`}
      className="!hidden !size-5 group-focus-within:!inline-flex group-hover:!inline-flex"
      onClick={() => view.getState().askForSweep(varied)}
    >
      <Radar className="size-3" aria-hidden />
    </IconButton>
  );
}
