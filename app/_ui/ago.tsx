import { ago } from "./amounts";

/** How long ago, and on hover when exactly. */
export const Ago = ({ date }: { date: Date }) => (
  <time dateTime={date.toISOString()} title={date.toLocaleString()}>
    {ago(date)}
  </time>
);
