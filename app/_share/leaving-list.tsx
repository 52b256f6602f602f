"use client";

import type { Outputs } from "../_trpc/client";
import { countOf, size } from "../_ui/amounts";
import { Checkbox } from "../_ui/checkbox";
import { fileText, LeavingRow } from "../_ui/leaving-row";

type Leaves = Outputs["links"]["leaves"];

/** What of results and graph is shown. */
export interface Choices {
  leaveOut: { files?: boolean; paths?: boolean; notes?: boolean; names?: boolean };
  resultFiles: boolean;
  /** The nodes whose results are shown; the usual ones where it is missing. */
  nodes?: string[];
}

interface LeavingListProps {
  leaves: Leaves;
  choices: Choices;
  onChange(choices: Choices): void;
}

/** All that would leave, each with whether it does. Nothing leaves that does not stand here. */
export function LeavingList({ leaves, choices, onChange }: LeavingListProps) {
  const { leaveOut } = choices;
  const leave = (name: keyof Choices["leaveOut"], isShown: boolean) =>
    onChange({ ...choices, leaveOut: { ...leaveOut, [name]: !isShown } });
  const rows = [
    {
      what: countOf(leaves.files.length, "uploaded file"),
      examples: leaves.files.map(fileText),
      remark: "Files that the graph reads, with their names: to be downloaded with it.",
      isShown: !leaveOut.files,
      set: (isShown: boolean) => leave("files", isShown),
    },
    {
      what: countOf(leaves.paths.length, "path"),
      examples: leaves.paths.map(({ text }) => text),
      remark: "Folders and files of this machine.",
      isShown: !leaveOut.paths,
      set: (isShown: boolean) => leave("paths", isShown),
    },
    {
      what: countOf(leaves.notes.length, "note"),
      examples: leaves.notes.map(({ text }) => text),
      remark: "What is written beside the nodes.",
      isShown: !leaveOut.notes,
      set: (isShown: boolean) => leave("notes", isShown),
    },
    {
      what: countOf(leaves.names.length, "name"),
      examples: leaves.names,
      remark: "What pictures in the results are called.",
      isShown: !leaveOut.names,
      set: (isShown: boolean) => leave("names", isShown),
    },
    {
      what: countOf(leaves.resultFiles.length, "file"),
      examples: leaves.resultFiles.map(({ name, bytes }) => `${name} (${size(bytes)})`),
      remark: "What the run made, weights too: to be downloaded.",
      isShown: choices.resultFiles,
      set: (isShown: boolean) => onChange({ ...choices, resultFiles: isShown }),
    },
  ];
  return (
    <section aria-label="What leaves">
      <h3 className="mb-1 font-medium">What leaves</h3>
      <ul className="divide-y divide-line rounded-lg border border-line" data-leaving>
        {rows.map(({ what, examples, remark, isShown, set }) => (
          <LeavingRow key={remark} what={what} remark={remark} examples={examples} isOut={!isShown}>
            <Checkbox label="leaves" className="shrink-0" checked={isShown} onChange={set} />
          </LeavingRow>
        ))}
        {leaves.nodes.length > 0 && <Nodes leaves={leaves} choices={choices} onChange={onChange} />}
      </ul>
      <p className="mt-2 text-xs text-ink-3">
        The graph's name, description, nodes and what is set on them leave as well. The draft, other versions and runs,
        remarks on runs and pinned results do not. What leaves is kept as it is now, whatever becomes of the run.
      </p>
    </section>
  );
}

/** The nodes whose results are shown. */
function Nodes({ leaves: { nodes }, choices, onChange }: LeavingListProps) {
  const shown = nodes.filter(({ isShown }) => isShown).map(({ id }) => id);
  const choose = (id: string, isShown: boolean) =>
    onChange({ ...choices, nodes: isShown ? [...shown, id] : shown.filter((other) => other !== id) });
  return (
    <li className="px-3 py-2">
      <details>
        <summary className="cursor-pointer">
          <span className="font-medium">Results of {countOf(shown.length, "node")}</span>
          <span className="ml-2 text-ink-3">of {nodes.length} that gave something.</span>
        </summary>
        <ul className="mt-2 grid max-h-48 grid-cols-2 gap-1 overflow-y-auto">
          {nodes.map(({ id, title, types, isShown }) => (
            <li key={id}>
              <Checkbox
                label={`${title} (${types.join(", ") || "nothing"})`}
                checked={isShown}
                onChange={(isOn) => choose(id, isOn)}
              />
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
