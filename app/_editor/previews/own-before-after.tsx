"use client";

import type { Preview } from "#nodes/core/preview";
import type { StoredImage } from "#nodes/core/values";
import { useEditor } from "../context";
import { Slider } from "./views/before-after";

interface OwnBeforeAfterProps {
  /** The way to the node. */
  node: string;
  previews: Readonly<Record<string, Preview>>;
}

/** Of a node that makes pictures of pictures: those that came in, over what it made of them. */
export function OwnBeforeAfter({ node, previews }: OwnBeforeAfterProps) {
  const after = Object.values(previews).find((preview) => preview.type === "image");
  const before = useEditor((state) => {
    const { definition, inputs } = state.checked.graph.nodes.get(node) ?? {};
    const wire = Object.entries(inputs ?? {}).find(([port]) => definition?.inputs[port]?.type === "image")?.[1][0];
    return wire && state.run.nodes[wire.node]?.previews?.[wire.port];
  });
  if (after?.type !== "image" || before?.type !== "image" || before.count !== after.count) return null;
  const pairs = after.items.flatMap((item, i): { before: StoredImage; after: StoredImage }[] => {
    const source = before.items[i];
    return source && source.ref !== item.ref ? [{ before: source, after: item }] : [];
  });
  if (!pairs.length) return null;
  return (
    <section aria-label="Before and after">
      <h3 className="mb-1.5 text-xs font-medium text-ink-2">Before and after</h3>
      <div className="grid grid-cols-3 gap-2">
        {pairs.slice(0, 6).map((pair, i) => (
          <Slider key={`${pair.after.ref}-${i}`} {...pair} name={pair.before.name} />
        ))}
      </div>
    </section>
  );
}
