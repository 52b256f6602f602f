import { useQuery } from "@tanstack/react-query";
import { compositeNamed } from "#nodes/graph/composites";
import { constantIn, constantNamed } from "#nodes/graph/constants";
import { isSame } from "#nodes/graph/document-shape";
import { constantsHolder } from "#nodes/graph/sweep";
import { useTRPC } from "../_trpc/client";
import { useEditor } from "./context";
import type { Field } from "./widgets/describe";

interface ValueOriginProps {
  node: string;
  field: Field;
  /** What the node itself says; nothing where it leaves the default. */
  value: unknown;
}

/** Why a parameter has the value that it has: a sweep's, a constant's, the template's, or set here. */
export function ValueOrigin({ node, field, value }: ValueOriginProps) {
  const document = useEditor((state) => state.history.present);
  const composite = useEditor((state) => state.composite);
  const constant = constantIn(value);
  const template = useTemplate(document.template, composite, node);
  const swept = useSwept(composite === undefined ? `${node}.${field.name}` : "", constant);
  const published = Object.entries(compositeNamed(document, composite ?? "")?.params ?? {}).find(([, { to }]) =>
    to.some((target) => target.node === node && target.param === field.name),
  );
  const isSetHere = value !== undefined && constant === undefined && !swept;
  const lines = [
    swept && "Given by the sweep that this run is of",
    constant !== undefined && `The constant “${constant}”: ${shortText(constantNamed(document, constant)?.value)}`,
    published && `Published as “${published[1].label ?? published[0]}”: each instance may have another value`,
    isSetHere && setText(value, field, template),
    value === undefined && template?.params?.[field.name] !== undefined && beside(template, field.name),
  ].filter((line) => typeof line === "string");
  if (!lines.length) return null;
  return (
    <p className="mt-1 text-2xs text-ink-3" data-origin>
      {lines.join(". ")}.
    </p>
  );
}

interface TemplateParams {
  name: string;
  params: Readonly<Record<string, unknown>> | undefined;
}

/** What the template that the graph was begun from says of a node. */
function useTemplate(id: string | undefined, composite: string | undefined, node: string): TemplateParams | undefined {
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.graphs.template.queryOptions({ id: id ?? "" }),
    enabled: id !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!data) return undefined;
  const level = composite === undefined ? data.params : data.composites[composite];
  return { name: data.name, params: level?.[node] };
}

/** Whether the run that is shown was given a value of its own by a sweep, for a parameter or for its constant. */
function useSwept(endpoint: string, constant: string | undefined): boolean {
  const trpc = useTRPC();
  const id = useEditor((state) => (state.frozen ? state.run.id : undefined));
  const { data } = useQuery({ ...trpc.runs.compare.queryOptions({ ids: [id ?? ""] }), enabled: id !== undefined });
  const assignment = data?.runs[0]?.assignment ?? {};
  const names = [endpoint, ...(constant === undefined ? [] : [`${constantsHolder}.${constant}`])];
  return names.some((name) => Object.hasOwn(assignment, name));
}

const isShort = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

function setText(value: unknown, field: Field, template: TemplateParams | undefined): string {
  const fallback = fallbackText(value, field);
  const meant = template?.params?.[field.name];
  if (template && meant !== undefined && isSame(meant, value))
    return [`As in the template “${template.name}”`, fallback].filter(Boolean).join("; ");
  const there = template && meant !== undefined && beside(template, field.name);
  return ["Set here", there || fallback].filter(Boolean).join("; ");
}

function fallbackText(value: unknown, { fallback }: Field): string | undefined {
  if (isSame(value, fallback)) return "the default is the same";
  return isShort(fallback) ? `the default is ${shortText(fallback)}` : undefined;
}

const beside = ({ params }: TemplateParams, name: string): string => `the template has ${shortText(params?.[name])}`;

function shortText(value: unknown): string {
  const text = typeof value === "string" ? `“${value}”` : (JSON.stringify(value) ?? "not there");
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
