import type { ShapeAt, TwoShapes } from "#nodes/graph/problem";
import { cx } from "../../_ui/cx";

/** What is expected and what came, axis below axis; what differs is marked. */
export function ShapesBeside({ shapes: { expected, came, axis } }: { shapes: TwoShapes }) {
  const lengths = [expected.sizes.length, came.sizes.length];
  const shorter = Math.min(...lengths);
  const axes = Array.from({ length: Math.max(...lengths) }, (_, i) => i);
  const differs = (i: number) => (axis === undefined ? i >= shorter : i === axis);
  const row = (what: string, { port, sizes }: ShapeAt) => (
    <tr>
      <th scope="row" className="max-w-40 truncate pr-2 text-left font-normal text-ink-3" title={port}>
        {port} {what}
      </th>
      {axes.map((i) => (
        <td
          key={i}
          data-differs={differs(i) || undefined}
          className={cx(
            "px-1.5 text-center font-mono whitespace-nowrap",
            differs(i) ? "bg-bad-soft font-semibold text-bad underline" : "text-ink-2",
          )}
        >
          {sizes[i] ?? "–"}
        </td>
      ))}
    </tr>
  );
  return (
    <div className="mt-1.5 overflow-x-auto">
      <table className="text-2xs" data-two-shapes>
        <tbody>
          {row("expects", expected)}
          {row("gives", came)}
        </tbody>
      </table>
    </div>
  );
}
