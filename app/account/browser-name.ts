/** Browsers by what they alone say of themselves; those that others pretend to be come last. */
const browsers = { Edg: "Edge", OPR: "Opera", Firefox: "Firefox", Chrome: "Chrome", Safari: "Safari" };
const systems = {
  Android: "Android",
  "iPhone|iPad": "iOS",
  Windows: "Windows",
  "Mac OS X": "macOS",
  CrOS: "ChromeOS",
  Linux: "Linux",
};

/** What a browser calls itself, as a person says it: "Firefox on Linux". What is none is told as it is. */
export function browserName(userAgent: string): string {
  const browser = firstIn(userAgent, browsers);
  const system = firstIn(userAgent, systems);
  if (browser) return system ? `${browser} on ${system}` : browser;
  return userAgent || "an unknown browser";
}

const firstIn = (text: string, names: Record<string, string>): string | undefined =>
  Object.entries(names).find(([sign]) => new RegExp(sign).test(text))?.[1];
