import { ago } from "./amounts";

/** How long ago, and on hover when exactly. */
export function Ago({ date }: { date: Date }) {
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {ago(date)}
    </time>
  );
}
