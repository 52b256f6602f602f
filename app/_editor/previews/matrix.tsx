"use client";

import type { PreviewOf } from "#nodes/core/preview";
import { shortNumber } from "../../_ui/amounts";
import { Picture } from "./pictures";
import type { PreviewProps } from "./preview-props";

type Matrix = PreviewOf["matrix"];

/** A table of colours: the more accent, the larger the value within the matrix's own range. */
export function MatrixPreview({ preview, large = false }: PreviewProps<Matrix>) {
  const { rows, columns, shape, values } = preview;
  const most = large ? 32 : 12;
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const names = columns.slice(0, most);
  return (
    // What is wider than its place is scrolled by keys, too.
    <div className="overflow-x-auto" tabIndex={large ? 0 : undefined}>
      <table className="w-full border-separate border-spacing-px text-2xs">
        {large && columns.length > 0 && <Head names={names} before={preview.rowImages ? 2 : 1} />}
        <tbody>
          {rows.slice(0, most).map((name, i) => (
            <tr key={`${name}-${i}`}>
              <RowHead matrix={preview} row={i} large={large} />
              {names.map((column, j) => {
                const value = values[i * columns.length + j] ?? 0;
                const title = `${name} · ${column}: ${shortNumber(value)}`;
                return <Cell key={`${column}-${j}`} title={title} strength={(value - low) / span} />;
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-1 text-2xs text-ink-3">
        {shape[0]} × {shape[1]} · {shortNumber(low)} … {shortNumber(low + span)}
      </p>
    </div>
  );
}

/** The columns' names, upright, above as many empty cells as rows have heads. */
function Head({ names, before }: { names: readonly string[]; before: number }) {
  return (
    <thead>
      <tr>
        <th colSpan={before} />
        {names.map((name, j) => (
          <th key={`${name}-${j}`} className="h-28 text-center align-bottom font-normal text-ink-2">
            <span
              className="inline-block max-h-28 rotate-180 truncate text-left [writing-mode:vertical-rl]"
              title={name}
            >
              {name}
            </span>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function RowHead({ matrix: { rows, rowImages }, row, large }: { matrix: Matrix; row: number; large: boolean }) {
  const image = rowImages?.[row];
  return (
    <>
      {rowImages && <td className="w-5 min-w-5">{image && <Picture image={image} className="size-5 !border-0" />}</td>}
      {large && (
        <th
          className="w-px max-w-44 truncate pr-2 text-left font-normal whitespace-nowrap text-ink-2"
          title={rows[row]}
        >
          {rows[row]}
        </th>
      )}
    </>
  );
}

function Cell({ title, strength }: { title: string; strength: number }) {
  const accent = `var(--accent) ${Math.round(strength * 100)}%`;
  return (
    <td
      title={title}
      className="h-4 min-w-1.5 rounded-[2px]"
      style={{ background: `color-mix(in oklab, ${accent}, var(--sunken))` }}
    />
  );
}
