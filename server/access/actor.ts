/** Who asks. Every procedure, page, file, event stream and API route begins with one, and asks `may` with it. */

/** What somebody may do in a team, or with a single graph; each includes those after it. */
export const roles = ["owner", "editor", "runner", "viewer"] as const;
export type Role = (typeof roles)[number];

export type Actor =
  /** The one person of an installation without accounts, who is on its machine. */
  | { kind: "local" }
  /** Nobody that is known. */
  | { kind: "stranger" };

/** Who sent a request, by its headers. */
export async function actorOf(_headers: Headers): Promise<Actor> {
  return { kind: "local" };
}
