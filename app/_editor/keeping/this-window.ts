/** What a window is called where others hear of it. */

/** A name that no other window has; made without what browsers give to https alone. */
export function newWindowId(): string {
  const numbers = crypto.getRandomValues(new Uint32Array(3));
  return [...numbers].map((number) => number.toString(36)).join("");
}

const browsers = [
  ["Edg/", "Edge"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;
const systems = [
  ["Android", "Android"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Mac OS", "macOS"],
  ["Windows", "Windows"],
  ["Linux", "Linux"],
] as const;

/** "Firefox on Linux". */
export function agentName(agent: string = globalThis.navigator?.userAgent ?? ""): string {
  const nameIn = (names: typeof browsers | typeof systems, other: string) =>
    names.find(([mark]) => agent.includes(mark))?.[1] ?? other;
  return `${nameIn(browsers, "a browser")} on ${nameIn(systems, "a computer")}`;
}
