import type { Actor } from "./who";
import { auth } from "./auth";

/** Who is signed in, by the cookie of a request. */
export async function actorOfSession(headers: Headers): Promise<Actor> {
  const found = await auth().api.getSession({ headers });
  if (!found) return { kind: "stranger" };
  const { id, name, email, isAdministrator } = found.user;
  return { kind: "user", id, name, email, isAdministrator: isAdministrator === true, sessionId: found.session.id };
}
