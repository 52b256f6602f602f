/** Those who may ask for something, by kind; `actorOf` says which of them sent a request. */

/** What somebody may do in a team, or with a single graph; each includes those after it. */
export const roles = ["owner", "editor", "runner", "viewer"] as const;
export type Role = (typeof roles)[number];

/** How far a token goes, whatever its owner may: reads, runs what there is, or changes it too. */
export const scopes = ["read", "run", "write"] as const;
export type Scope = (typeof scopes)[number];

export type Actor =
  /** The one person of an installation without accounts, who is on its machine. */
  | { kind: "local" }
  /** Somebody who signed in. */
  | { kind: "user"; id: string; name: string; email: string; isAdministrator: boolean; sessionId: string }
  /** A program with a token of somebody's; of the local person's where `userId` is null. */
  | {
      kind: "token";
      id: string;
      name: string;
      userId: string | null;
      scope: Scope;
      /** Only this team's, or only this graph and its runs. */
      teamId: string | null;
      graphId: string | null;
    }
  /** Nobody that is known. */
  | { kind: "stranger" }
  /** Somebody who came by a link, and may see what that shows: `server/links/visit.ts`. */
  | { kind: "visitor"; link: string };

/** Those who have a role somewhere. */
export type Member = Extract<Actor, { kind: "user" | "token" }>;

/** Whose account it is that acts; nothing for the local person and for strangers. */
export function userOf(actor: Actor): string | null {
  if (actor.kind === "user") return actor.id;
  return actor.kind === "token" ? actor.userId : null;
}
