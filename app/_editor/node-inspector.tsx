"use client";

import { useQuery } from "@tanstack/react-query";
import { BookOpen, ChevronRight, Weight } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import type { Port, WireType } from "#nodes/core/ports";
import { compositeIdOf } from "#nodes/graph/composites";
import type { GraphNode } from "#nodes/graph/document";
import { setNote, setTitle } from "#nodes/graph/edits";
import { problemOf, useTRPC } from "../_trpc/client";
import { cx } from "../_ui/cx";
import { searchedFields } from "./common-fields";
import { LazyChart } from "../_ui/lazy-chart";
import { InstanceSection } from "./composites/instance-section";
import {
  definitionAt,
  definitionOf,
  useChecked,
  useCheckedNode,
  useDefinitions,
  useEditor,
  useEditorStore,
  useNodeRun,
  wayTo,
} from "./context";
import { shapeText } from "./shape-text";
import { KeptParameters } from "./kept-parameters";
import { NodeExample } from "./node-example";
import { ParameterField } from "./parameter-field";
import { Notice } from "./notice";
import { PictureInInspector } from "./picture-drawing";
import { isUnwired } from "./problems/listed";
import { RemarkLine, remarksOf } from "./remarks";
import { WeightsTree } from "./weights-tree";
import { fieldsOf, shownFields } from "./widgets/describe";

/** A node: its title, its parameters as a form made of their types, its ports, its documentation. */
export function NodeInspector({ id, node }: { id: string; node: GraphNode }) {
  const wires = useCheckedNode(id)?.wires;
  const ports = useDefinitions()(id);
  const definition = definitionOf(node.type) ?? ports;
  const isKnown = definitionOf(node.type) !== undefined || compositeIdOf(node.type) !== undefined;
  return (
    <div className="h-full overflow-y-auto px-4 pb-8">
      <Title id={id} node={node} />
      <p className="mb-2 text-ink-2">{definition?.description ?? `There is no node type “${node.type}”.`}</p>
      {ports?.notice && <Notice text={ports.notice} className="mb-3" />}
      <InstanceSection id={id} />
      <Remarks id={id} />
      <Drawing id={id} />
      <PictureInInspector id={id} />
      {isKnown ? <Parameters id={id} node={node} /> : <KeptParameters params={node.params} />}
      {definition && (
        <>
          <Ports title="Inputs" ports={ports?.inputs ?? {}} wires={wires?.in ?? {}} />
          <Ports title="Outputs" ports={ports?.outputs ?? {}} wires={wires?.out ?? {}} />
        </>
      )}
      <Weights id={id} />
      {definition && isKnown && <Docs type={definition.type} node={id} />}
      <Note id={id} node={node} />
      <p className="mt-3 font-mono text-2xs wrap-anywhere text-ink-3">
        {id} · {node.type}
      </p>
    </div>
  );
}

/**
 * All that the check found and all that the run warned of; the node on the canvas shows the first of them. What is not
 * wired yet is no alarm before a run is asked for.
 */
function Remarks({ id }: { id: string }) {
  const checked = useCheckedNode(id);
  const run = useNodeRun(id);
  const wasAsked = useEditor((state) => state.wasAsked);
  const problems = checked?.problems ?? [];
  const unwired = wasAsked ? [] : problems.filter(isUnwired);
  const remarks = remarksOf(wasAsked ? problems : problems.filter((problem) => !isUnwired(problem)), run);
  if (!remarks.length && !unwired.length) return null;
  return (
    <div className="mb-3" data-remarks>
      <ul className="overflow-hidden rounded-md">
        {remarks.map((remark) => (
          <RemarkLine key={remark.text} remark={remark} />
        ))}
      </ul>
      {unwired.length > 0 && (
        <p className="mt-1 text-2xs text-ink-2">Not wired yet: {unwired.map(({ port }) => port).join(", ")}</p>
      )}
    </div>
  );
}

function Title({ id, node }: { id: string; node: GraphNode }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const usual = useEditor((state) => definitionAt(state, id)?.title);
  const write = (title: string) =>
    store.getState().edit((document) => setTitle(document, id, title === usual ? "" : title), `title ${id}`);
  return (
    <input
      aria-label="Title"
      className={cx(
        "mt-3 w-full rounded-md border border-transparent bg-transparent py-1 text-base font-semibold",
        "hover:border-line focus:border-line-strong focus:px-2",
      )}
      value={node.title ?? usual ?? node.type}
      maxLength={100}
      disabled={frozen}
      onChange={(event) => write(event.target.value)}
    />
  );
}

function Note({ id, node }: { id: string; node: GraphNode }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const write = (note: string) => store.getState().edit((document) => setNote(document, id, note), `note ${id}`);
  return (
    <label className="block border-t border-line pt-3">
      <span className="mb-1 block font-medium text-ink-2">Note</span>
      <textarea
        className="field resize-y"
        rows={2}
        value={node.note ?? ""}
        maxLength={2000}
        disabled={frozen}
        placeholder="Shown on the node"
        onChange={(event) => write(event.target.value)}
      />
    </label>
  );
}

/** A form of so many parameters can be searched. */
const manyFields = 7;

/** The form: what means something as the others are; what is advanced is folded away. */
function Parameters({ id, node }: { id: string; node: GraphNode }) {
  const definition = useEditor((state) => definitionOf(node.type) ?? definitionAt(state, id));
  const [search, setSearch] = useState("");
  const all = definition ? shownFields(fieldsOf(definition), node.params) : [];
  const fields = searchedFields(all, search);
  const advanced = search ? [] : fields.filter((field) => field.advanced);
  return (
    <>
      {all.length >= manyFields && (
        <input
          type="search"
          className="field mb-2"
          placeholder="Search parameters"
          aria-label="Search parameters"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      <div className="border-t border-line pt-1">
        {fields
          .filter((field) => search || !field.advanced)
          .map((field) => (
            <ParameterField key={field.name} node={id} field={field} />
          ))}
        {!fields.length && (
          <p className="py-2 text-ink-3">{search ? "No parameter is called that." : "This node has no parameters."}</p>
        )}
      </div>
      {advanced.length > 0 && (
        <Fold
          title="More parameters"
          iconOf={(isOpen) => <ChevronRight className={cx("size-3.5 transition", isOpen && "rotate-90")} aria-hidden />}
        >
          {advanced.map((field) => (
            <ParameterField key={field.name} node={id} field={field} />
          ))}
        </Fold>
      )}
    </>
  );
}

/** Of nodes that make weights, lie on a weights wire, or train. */
function Weights({ id }: { id: string }) {
  const hasPart = useEditor((state) => {
    const definition = state.checked.graph.nodes.get(wayTo(state, id))?.definition;
    const ports = [...Object.values<Port>(definition?.inputs ?? {}), ...Object.values<Port>(definition?.outputs ?? {})];
    return ports.some(({ type, deferred }) => type === "weights" || deferred === "gradient");
  });
  if (!hasPart) return null;
  return (
    <Fold title="Weights" iconOf={() => <Weight className="size-3.5" aria-hidden />}>
      <WeightsTree id={id} />
    </Fold>
  );
}

function Docs({ type, node }: { type: string; node: string }) {
  return (
    <Fold title="About this node" iconOf={() => <BookOpen className="size-3.5" aria-hidden />}>
      <DocsText type={type} />
      <NodeExample type={type} beside={node} />
    </Fold>
  );
}

/** Docs are long, and asked for when they are opened. */
function DocsText({ type }: { type: string }) {
  const trpc = useTRPC();
  const { data, error } = useQuery({ ...trpc.nodes.docs.queryOptions({ type }), staleTime: Number.POSITIVE_INFINITY });
  if (error) return <p className="mt-1 text-bad">{problemOf(error).message}</p>;
  if (!data) return <div className="skeleton mt-1 h-24" />;
  return <p className="mt-1 text-xs leading-relaxed whitespace-pre-wrap text-ink-2">{data.text || "No more."}</p>;
}

/** A part that opens when its title is clicked. */
function Fold({ title, iconOf, children }: { title: string; iconOf(isOpen: boolean): ReactNode; children: ReactNode }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <section className="border-t border-line py-1.5">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className="flex items-center gap-1.5 py-1 font-medium text-ink-2 hover:text-ink"
      >
        {iconOf(isOpen)}
        {title}
      </button>
      {isOpen && children}
    </section>
  );
}

/** What the parameters mean, as the node draws it; nothing while one of them is wrong. */
function Drawing({ id }: { id: string }) {
  const { graph } = useChecked();
  const node = graph.nodes.get(useEditor((state) => wayTo(state, id)));
  const drawn = useMemo(() => node?.definition.preview?.(node.params), [node]);
  if (!drawn) return null;
  return (
    <figure className="border-t border-line py-3" data-drawing>
      <figcaption className="mb-1 text-2xs text-ink-3">
        {drawn.lines.map((line) => line.name).join(", ")} by {drawn.x.label}
      </figcaption>
      <LazyChart label={drawn.x.label} x={drawn.x.values} lines={drawn.lines} height={110} />
    </figure>
  );
}

function Ports({
  title,
  ports,
  wires,
}: {
  title: string;
  ports: Readonly<Record<string, Port>>;
  wires: Readonly<Record<string, WireType>>;
}) {
  if (!Object.keys(ports).length) return null;
  return (
    <section className="border-t border-line py-3">
      <h3 className="mb-1.5 text-2xs font-semibold tracking-wide text-ink-3 uppercase">{title}</h3>
      {Object.entries(ports).map(([name, port]) => (
        <PortFacts key={name} name={name} port={port} wire={wires[name]} />
      ))}
    </section>
  );
}

/** A port, with the shape of the wire at it where there is one. */
function PortFacts({ name, port, wire }: { name: string; port: Port; wire?: WireType }) {
  return (
    <div className="mb-1.5">
      <div className="flex items-baseline gap-1.5">
        <span
          className="size-2 shrink-0 translate-y-px rounded-full"
          style={{ background: `var(--port-${port.type})` }}
        />
        <span className="font-medium">{name}</span>
        <span className="truncate text-2xs text-ink-3">
          {port.type}
          {port.optional ? ", optional" : ""}
          {port.many ? ", any number" : ""}
        </span>
      </div>
      <p className="pl-3.5 font-mono text-2xs text-ink-2">{shapeText(wire ?? port)}</p>
      {port.doc && <p className="pl-3.5 text-2xs text-ink-3">{port.doc}</p>}
    </div>
  );
}
