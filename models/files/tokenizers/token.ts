/** A token as a configuration writes it: as a text, or as an object that holds it. */
export function tokenOf(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  const content = (token as { content?: unknown } | null)?.content;
  return typeof content === "string" ? content : undefined;
}
