/** A time as a clock shows it, with the day where it was another: "12:31", "3 Nov, 12:31". */
export function clockText(time: number, now: number = Date.now()): string {
  const date = new Date(time);
  const clock = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday ? clock : `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${clock}`;
}

/** A day: "3 Nov 2026". */
export const dayText = (date: Date): string =>
  date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
