import { answerAuth } from "#server/access/auth";
import { env } from "#server/env";

export const dynamic = "force-dynamic";

/** Signing in and out, new passwords, and the ways back from providers: all of it is better-auth's. */
function answer(request: Request): Promise<Response> | Response {
  if (env().accounts) return answerAuth(request);
  return Response.json({ message: "There are no accounts here." }, { status: 404 });
}
export { answer as GET, answer as POST };
