"use client";

import { useMemo, useState } from "react";
import { toast } from "../../_ui/toast";
import { compositeNamed, insideOf } from "#nodes/graph/composites";
import { type LeaveOut, leavingWith, withoutLeaving } from "#nodes/graph/leaving";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { countOf } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { fileText, LeaveOutRow } from "../../_ui/leaving-row";
import { Choice } from "../../_ui/choice";
import { Window } from "../../_ui/window";
import { useActions } from "../actions";
import { definitionAt, useEditor, useEditorStore } from "../context";
import { fileOf, type Format } from "./export-file";
import { FilesInBundle } from "./files-in-bundle";
import { pathHere } from "../../_ui/path-here";

type Kind = Format | "bundle";
const formats = { json: "JSON file", png: "Picture (PNG)", svg: "Picture (SVG)" } as { [F in Kind]: string };
const withBundle = { bundle: "Bundle" };

const pictureRemark =
  "All nodes, also those out of view, at twice their size. " +
  "The picture carries the graph: dropped on Patchbay it opens.";

const remarks: { [F in Kind]: string } = {
  bundle: "The whole graph with its uploads, as one .patchbay file that another Patchbay opens.",
  json: "The whole graph.",
  png: pictureRemark,
  svg: pictureRemark,
};

/** Exports the graph as a file or as a picture that carries it; lists first what leaves with it. */
export function ExportWindow({ onClose }: { onClose(): void }) {
  const document = useEditor((state) => state.history.present);
  const [format, setFormat] = useState<Kind>("json");
  const [leaveOut, setLeaveOut] = useState<LeaveOut>({});
  const [isBusy, setBusy] = useState(false);
  const [isInside, setInside] = useState(true);
  const store = useEditorStore();
  const composite = useEditor((state) => state.composite);
  const { save: saveGraph } = useActions();
  /** The server packs graphs that it keeps, and no snapshots of runs. */
  const isKept = useEditor(({ frozen, graphId }) => !frozen && graphId !== undefined);
  const [stays, setStays] = useState<ReadonlySet<string>>(new Set());
  const leaving = useMemo(() => leavingWith(document), [document]);
  const rows = [
    {
      name: "files" as const,
      count: countOf(leaving.files.length, "file name"),
      examples: leaving.files.map(fileText),
      remark:
        format === "bundle"
          ? "Uploads, with what is in them."
          : "The names and checksums of uploads; the files themselves stay here.",
    },
    {
      name: "paths" as const,
      count: countOf(leaving.paths.length, "path"),
      examples: leaving.paths.map(({ text }) => text),
      remark: "Folders of this machine.",
    },
    {
      name: "notes" as const,
      count: countOf(leaving.notes.length, "note"),
      examples: leaving.notes.map(({ text }) => text),
      remark: "What you wrote beside the nodes.",
    },
  ];
  async function save(): Promise<void> {
    setBusy(true);
    try {
      if (format === "bundle") {
        await saveBundle();
        return onClose();
      }
      const left = withoutLeaving(document, leaveOut);
      const inside = isInside && composite !== undefined ? insideOf(left, composite) : undefined;
      const definition = (id: string) =>
        inside ? definitionAt(store.getState(), id) : definitionOf(left, id, registry);
      const file = await fileOf(left, format, { shown: inside ?? left, definitionOf: definition });
      download(file);
      onClose();
    } catch (error) {
      toast.error((error as Error).message);
    } finally {
      setBusy(false);
    }
  }
  /** The server packs what it has: the graph as it is on the screen, once that is saved. */
  async function saveBundle(): Promise<void> {
    if (!(await saveGraph())) throw new Error("The server does not have this state yet. Wait until it is saved.");
    const leave = (["paths", "notes"] as const).filter((name) => leaveOut[name]);
    const without = leaveOut.files ? leaving.files.map(({ ref }) => ref) : [...stays];
    const question = new URLSearchParams({ leave: leave.join(), without: without.join() });
    follow(pathHere(`/api/graphs/${store.getState().graphId}/bundle?${question}`), "");
  }
  const footer = (
    <Button look="primary" className="ml-auto" disabled={isBusy} onClick={() => void save()}>
      Export
    </Button>
  );
  return (
    <Window title="Export" width={560} footer={footer} onClose={onClose}>
      <Choice
        label="As"
        options={isKept ? { ...formats, ...withBundle } : formats}
        value={format}
        onChange={setFormat}
      />
      {composite !== undefined && (format === "png" || format === "svg") && (
        <div className="mt-2">
          <Choice
            label="What is drawn"
            options={{ inside: `Inside of ${compositeNamed(document, composite)?.title}`, graph: "The graph" }}
            value={isInside ? "inside" : "graph"}
            onChange={(level) => setInside(level === "inside")}
          />
        </div>
      )}
      <p className="mt-3 text-ink-2">{remarks[format]}</p>
      <h3 className="mt-4 mb-1 font-medium">What leaves with it</h3>
      <ul className="divide-y divide-line rounded-lg border border-line" data-leaving>
        {!rows.some(({ examples }) => examples.length) && (
          <li className="px-3 py-2 text-ink-2">Nothing but the graph: no names of uploads, no paths, no notes.</li>
        )}
        {rows
          .filter(({ examples }) => examples.length)
          .map((row) => (
            <LeaveOutRow key={row.name} {...row} leaveOut={leaveOut} onChange={setLeaveOut} />
          ))}
      </ul>
      {format === "bundle" && !leaveOut.files && (
        <FilesInBundle files={leaving.files} stays={stays} onChange={setStays} />
      )}
      <p className="mt-3 text-xs text-ink-3">
        {format === "bundle"
          ? "Results, runs and versions never leave with a graph, nor do models of the hub and folders."
          : "Results, runs, versions, uploaded files and weights never leave with a graph."}
        {leaving.pins.length > 0 && ` ${countOf(leaving.pins.length, "pinned result")} stay here, too.`}
      </p>
    </Window>
  );
}

function download(file: File): void {
  const address = URL.createObjectURL(file);
  follow(address, file.name);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function follow(address: string, name: string): void {
  const link = window.document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
