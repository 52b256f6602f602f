import type { GraphNode } from "#nodes/graph/document";

/** What a node of a type that is not known was saved with: it is shown, and kept as it is. */
export function KeptParameters({ params }: { params: GraphNode["params"] }) {
  const entries = Object.entries(params);
  return (
    <section className="border-t border-line py-3" data-kept-parameters>
      <h3 className="mb-1.5 text-2xs font-semibold tracking-wide text-ink-3 uppercase">Parameters, kept</h3>
      {!entries.length && <p className="text-ink-3">It was saved without any.</p>}
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-xs">
        {entries.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-2">{name}</dt>
            <dd className="max-h-40 overflow-y-auto font-mono whitespace-pre-wrap wrap-anywhere text-ink">
              {typeof value === "string" ? value : JSON.stringify(value)}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
