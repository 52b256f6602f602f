"use client";

import { useState } from "react";
import type { PictureDrawing } from "#nodes/core/preview";
import type { StoredImage } from "#nodes/core/values";
import type { ResolvedNode } from "#nodes/graph/resolve";
import { useEditor } from "./context";
import { Drawing } from "./previews/drawing";

type Size = Pick<StoredImage, "width" | "height">;

/** On the node: what it makes of the first picture that is wired to it, as far as that is known. */
export function PictureOnNode({ id }: { id: string }) {
  const node = useEditor((state) => state.checked.graph.nodes.get(id));
  const [first] = usePicturesAt(node);
  const drawing = first && drawingOf(node, sizeOf(first));
  if (!drawing) return null;
  return (
    <div className="border-t border-line p-2">
      <Drawing drawing={drawing} image={first} />
    </div>
  );
}

/** In the inspector: the same of a size that is typed, or of the pictures that are wired. */
export function PictureInInspector({ id }: { id: string }) {
  const node = useEditor((state) => state.checked.graph.nodes.get(id));
  const pictures = usePicturesAt(node);
  const [typed, setTyped] = useState<Size>();
  if (!node?.definition.draws) return null;
  const [first] = pictures;
  const size = typed ?? (first && sizeOf(first)) ?? { width: 1000, height: 600 };
  const image = typed ? undefined : first;
  const drawing = drawingOf(node, size);
  return (
    <figure className="border-t border-line py-3" data-picture-drawing>
      <figcaption className="mb-1.5 flex items-center gap-1.5 text-2xs text-ink-3">
        A picture of
        <SizeField label="Width" value={size.width} onChange={(width) => setTyped({ ...size, width })} />×
        <SizeField label="Height" value={size.height} onChange={(height) => setTyped({ ...size, height })} />
      </figcaption>
      {drawing && <Drawing drawing={drawing} image={image} />}
    </figure>
  );
}

interface SizeFieldProps {
  label: string;
  value: number;
  onChange(value: number): void;
}

function SizeField({ label, value, onChange }: SizeFieldProps) {
  return (
    <input
      type="number"
      aria-label={label}
      className="field w-20 px-1.5 py-0.5"
      min={1}
      max={16_384}
      value={value}
      onChange={({ target }) => target.valueAsNumber >= 1 && onChange(Math.round(target.valueAsNumber))}
    />
  );
}

const sizeOf = ({ width, height, shows }: StoredImage): Size => shows ?? { width, height };

/** Nothing while a parameter is wrong: the node says what is. */
function drawingOf(node: ResolvedNode | undefined, { width, height }: Size): PictureDrawing | undefined {
  return node?.definition.draws?.(node.params, { width, height });
}

/** The pictures at the node's first wire of such: those that a run showed, or those that were uploaded. */
function usePicturesAt(node: ResolvedNode | undefined): StoredImage[] {
  const isPicture = (port: string) => node?.definition.inputs[port]?.type === "image";
  const source = Object.entries(node?.inputs ?? {}).find(([port]) => isPicture(port))?.[1][0];
  const params = useEditor((state) => source && state.checked.graph.nodes.get(source.node)?.params);
  const shown = useEditor((state) => source && state.run.nodes[source.node]?.previews?.[source.port]);
  if (!node?.definition.draws) return [];
  const uploaded = (params as { images?: StoredImage[] } | undefined)?.images;
  const pictures = shown?.type === "image" ? shown.items : (uploaded ?? []);
  return pictures.filter(({ ref, width, height }) => ref && width > 0 && height > 0);
}
