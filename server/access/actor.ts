/** Who asks. Every procedure, page, file, event stream and API route begins with one, and asks `may` with it. */
import { db } from "../db";
import { env } from "../env";
import { actorOfToken } from "./tokens";
import type { Actor } from "./who";

// biome-ignore lint/performance/noBarrelFile: whoever asks who it is names the kinds too
export { type Actor, type Role, roles, type Scope, scopes, userOf } from "./who";

/** Who sent a request, by its headers. A token that is not known is nobody's, with and without accounts. */
export async function actorOf(headers: Headers): Promise<Actor> {
  const [, bearer] = /^Bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  if (bearer !== undefined) return (await actorOfToken(db(), bearer)) ?? { kind: "stranger" };
  if (!env().accounts) return { kind: "local" };
  const { actorOfSession } = await import("./session");
  return actorOfSession(headers);
}
