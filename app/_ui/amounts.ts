/** Times, sizes and numbers as a person reads them. */
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "3 minutes ago". */
export function ago(date: Date, now = Date.now()): string {
  const seconds = (date.getTime() - now) / 1000;
  const unit = units.find(([, size]) => Math.abs(seconds) >= size);
  return unit ? relative.format(Math.round(seconds / unit[1]), unit[0]) : "just now";
}

/** "4.2 s", "3 min 10 s". */
export function duration(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long a run took, or takes until now; 0 before it started. */
export const elapsed = (run: { startedAt: Date | null; finishedAt: Date | null }): number =>
  run.startedAt ? (run.finishedAt ?? new Date()).getTime() - run.startedAt.getTime() : 0;

/** "1.2 MiB". */
export function size(bytes: number): string {
  if (bytes < 2 ** 20) return `${(bytes / 1024).toFixed(1)} KiB`;
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

/** "1,234", "0.0317", "2.10e-7": four digits tell enough. */
export function shortNumber(number: number): string {
  if (Number.isInteger(number) && Math.abs(number) < 1e6) return number.toLocaleString();
  const isFar = Math.abs(number) >= 1e5 || (Math.abs(number) < 1e-4 && number !== 0);
  return isFar ? number.toExponential(2) : Number(number.toPrecision(4)).toString();
}

/** "1 picture", "2,000 pictures". */
export const countOf = (count: number, thing: string): string =>
  `${count.toLocaleString()} ${thing}${count === 1 ? "" : "s"}`;
