"use client";

import { TriangleAlert } from "lucide-react";
import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { neededElsewhere } from "#nodes/graph/elsewhere";
import { leavingWith } from "#nodes/graph/leaving";
import { countOf } from "../_ui/amounts";
import { fileText, LeaveOutRow } from "../_ui/leaving-row";
import type { PublishWish } from "./wish";

interface LeavingListProps {
  document: GraphDocument;
  leaveOut: PublishWish["leaveOut"];
  onChange(leaveOut: PublishWish["leaveOut"]): void;
}

interface Row {
  name: keyof PublishWish["leaveOut"];
  count: string;
  examples: string[];
  remark: string;
}

/** What of the graph others will see, each kind of it to be left out; and what would not work for them. */
export function LeavingList({ document, leaveOut, onChange }: LeavingListProps) {
  const leaving = useMemo(() => leavingWith(document), [document]);
  const rows: Row[] = [
    {
      name: "files",
      count: countOf(leaving.files.length, "upload"),
      examples: leaving.files.map(fileText),
      remark: "With their names and what is in them.",
    },
    {
      name: "paths",
      count: countOf(leaving.paths.length, "path"),
      examples: leaving.paths.map(({ text }) => text),
      remark: "Folders of this machine.",
    },
    {
      name: "notes",
      count: countOf(leaving.notes.length, "note"),
      examples: leaving.notes.map(({ text }) => text),
      remark: "What you wrote beside the nodes.",
    },
  ];
  return (
    <section aria-label="What leaves">
      <h3 className="mb-1 font-medium">What leaves</h3>
      <ul className="divide-y divide-line rounded-lg border border-line" data-leaving>
        {rows.map((row) => (
          <LeaveOutRow key={row.name} {...row} leaveOut={leaveOut} onChange={onChange} />
        ))}
      </ul>
      <p className="mt-1 text-xs text-ink-3">
        Nodes, wires and parameters leave, too. Results, runs and other versions never do.
      </p>
      <Hindrances document={document} leaveOut={leaveOut} />
    </section>
  );
}

/** What would not work for others, as it is left out now. */
function Hindrances({ document, leaveOut }: Pick<LeavingListProps, "document" | "leaveOut">) {
  const { files } = leavingWith(document);
  const { folders, online, fetched, hub } = neededElsewhere(document);
  const lines = [
    ...(leaveOut.files ? files.map(({ name }) => `${name} is left out: others choose a file of theirs.`) : []),
    ...folders.map(({ node, folder }) => `${node} reads ${folder}, which others do not have: they choose a folder.`),
    ...online.map((node) => `${node} reads addresses: only where the operator allows the network.`),
    ...(hub.length ? ["Models of the hub come only where the operator allows the network, or has them."] : []),
    ...fetched.map((name) => `${name} has to be fetched before.`),
  ];
  if (!lines.length) return <p className="mt-3 text-ink-2">Nothing in it is bound to this machine.</p>;
  return (
    <div className="mt-3" data-hindrances>
      <h4 className="flex items-center gap-1.5 font-medium text-warn">
        <TriangleAlert className="size-4" aria-hidden />
        What would not work elsewhere
      </h4>
      <ul className="mt-1 list-disc pl-5 wrap-anywhere text-ink-2">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
