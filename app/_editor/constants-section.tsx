"use client";

import { Trash2 } from "lucide-react";
import { Fragment } from "react";
import { removeConstant, renameConstant, setConstant, setConstantValue, usesOf } from "#nodes/graph/constants";
import type { Constant } from "#nodes/graph/document";
import { idBeside } from "#nodes/graph/edits";
import { IconButton } from "../_ui/button";
import { CommitField } from "./composites/commit-field";
import { reveal } from "./composites/opening";
import { useEditor, useEditorStore } from "./context";

const fresh: Record<Constant["kind"], Constant> = {
  number: { kind: "number", value: 0 },
  text: { kind: "text", value: "" },
  choice: { kind: "choice", value: "first", choices: ["first", "second"] },
};

/** The constants of the graph: values with names, to which parameters refer. */
export function ConstantsSection() {
  const store = useEditorStore();
  const constants = useEditor((state) => state.history.present.constants);
  const frozen = useEditor((state) => state.frozen);
  const entries = Object.entries(constants ?? {});
  if (frozen && !entries.length) return null;
  const add = (kind: Constant["kind"]) =>
    store
      .getState()
      .editWhole((document) => setConstant(document, idBeside(document.constants ?? {}, kind), fresh[kind]));
  return (
    <section aria-label="Constants">
      <h3 className="mb-1.5 text-2xs font-semibold tracking-wide text-ink-3 uppercase">Constants</h3>
      {entries.map(([name, constant]) => (
        <ConstantRow key={name} name={name} constant={constant} />
      ))}
      {!entries.length && <p className="mb-1 text-2xs text-ink-3">A value with a name that parameters refer to.</p>}
      {!frozen && (
        <p className="flex items-center gap-1 text-xs text-ink-2">
          Add a
          {(["number", "text", "choice"] as const).map((kind) => (
            <button
              key={kind}
              type="button"
              onClick={() => add(kind)}
              className="rounded-md border border-line px-1.5 py-0.5 hover:border-line-strong hover:text-ink"
            >
              {kind}
            </button>
          ))}
        </p>
      )}
    </section>
  );
}

function ConstantRow({ name, constant }: { name: string; constant: Constant }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const document = useEditor((state) => state.history.present);
  const uses = usesOf(document, name);
  const { editWhole } = store.getState();
  return (
    <div className="mb-2 border-b border-line pb-2">
      <div className="flex items-center gap-1">
        <CommitField
          label={`Name of the constant ${name}`}
          value={name}
          disabled={frozen}
          className="min-w-0 flex-1 font-mono text-xs"
          onCommit={(to) => editWhole((now) => renameConstant(now, name, to))}
        />
        <ConstantValue name={name} constant={constant} isFixed={frozen} />
        {!frozen && (
          <IconButton
            label={`Delete the constant ${name}: what refers to it keeps its value`}
            className="!size-6"
            onClick={() => editWhole((now) => removeConstant(now, name))}
          >
            <Trash2 className="size-3.5" aria-hidden />
          </IconButton>
        )}
      </div>
      {constant.kind === "choice" && !frozen && (
        <CommitField
          label={`Choices of ${name}`}
          value={constant.choices.join(", ")}
          className="w-full text-2xs text-ink-2"
          onCommit={(text) => editWhole((now) => setConstant(now, name, withChoices(constant.value, text)))}
        />
      )}
      <p className="px-2 text-2xs text-ink-3">
        {uses.length ? "Used by " : "Not used yet."}
        {uses.map(({ composite, node, param }, place) => (
          <Fragment key={`${composite}${node}${param}`}>
            {place > 0 && " "}
            <span className="inline-block">
              <button
                type="button"
                onClick={() => composite === undefined && reveal(store, node)}
                className="hover:text-accent hover:underline"
              >
                {`${composite === undefined ? "" : `${composite}/`}${node}.${param}`}
              </button>
              {place < uses.length - 1 && ","}
            </span>
          </Fragment>
        ))}
      </p>
    </div>
  );
}

function withChoices(value: string, text: string): Constant {
  const typed = text.split(",").flatMap((part) => part.trim() || []);
  const choices = typed.length ? [...new Set(typed)] : [value];
  return { kind: "choice", value: choices.includes(value) ? value : (choices[0] ?? value), choices };
}

function ConstantValue({ name, constant, isFixed }: { name: string; constant: Constant; isFixed: boolean }) {
  const store = useEditorStore();
  const label = `Value of ${name}`;
  const write = (value: unknown) =>
    store.getState().editWhole((document) => setConstantValue(document, name, value), `constant ${name}`);
  if (constant.kind === "choice")
    return (
      <select
        aria-label={label}
        className="field !w-28"
        value={constant.value}
        disabled={isFixed}
        onChange={(event) => write(event.target.value)}
      >
        {constant.choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  const isNumber = constant.kind === "number";
  return (
    <input
      aria-label={label}
      className="field !w-28"
      type={isNumber ? "number" : "text"}
      step="any"
      value={constant.value}
      disabled={isFixed}
      onChange={(event) => write(isNumber ? event.target.valueAsNumber : event.target.value)}
    />
  );
}
