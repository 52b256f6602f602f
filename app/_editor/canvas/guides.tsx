import { ViewportPortal } from "@xyflow/react";
import { useView } from "../context";

/** The lines by which a dragged node is in line with others. */
export function Guides() {
  const guides = useView((state) => state.guides);
  if (!guides.length) return null;
  return (
    <ViewportPortal>
      {guides.map(({ axis, at, from, to }) => (
        <div
          key={axis}
          data-guide={axis}
          aria-hidden
          className="pointer-events-none absolute bg-accent"
          style={
            axis === "x"
              ? { transform: `translate(${at}px, ${from}px)`, width: 1, height: to - from }
              : { transform: `translate(${from}px, ${at}px)`, height: 1, width: to - from }
          }
        />
      ))}
    </ViewportPortal>
  );
}
