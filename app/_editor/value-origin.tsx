import { compositeNamed } from "#nodes/graph/composites";
import { constantIn, constantNamed } from "#nodes/graph/constants";
import { useEditor } from "./context";
import type { Field } from "./widgets/describe";

interface ValueOriginProps {
  node: string;
  field: Field;
  /** What the node itself says; nothing where it leaves the default. */
  value: unknown;
}

/** Why a parameter has the value that it has. */
export function ValueOrigin({ node, field, value }: ValueOriginProps) {
  const document = useEditor((state) => state.history.present);
  const composite = useEditor((state) => state.composite);
  const constant = constantIn(value);
  const published = Object.entries(compositeNamed(document, composite ?? "")?.params ?? {}).find(([, { to }]) =>
    to.some((target) => target.node === node && target.param === field.name),
  );
  const lines = [
    constant !== undefined && `The constant “${constant}”: ${shortText(constantNamed(document, constant)?.value)}`,
    published && `Published as “${published[1].label ?? published[0]}”: each instance may have another value`,
    value !== undefined && constant === undefined && isShort(field.fallback) && differs(value, field.fallback),
  ].filter((line) => line !== undefined && line !== false);
  if (!lines.length) return null;
  return (
    <p className="mt-1 text-[11px] text-ink-3" data-origin>
      {lines.join(". ")}.
    </p>
  );
}

const isShort = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

function differs(value: unknown, fallback: unknown): string | undefined {
  return value === fallback ? undefined : `Set here; the default is ${shortText(fallback)}`;
}

function shortText(value: unknown): string {
  const text = typeof value === "string" ? `“${value}”` : (JSON.stringify(value) ?? "not there");
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
