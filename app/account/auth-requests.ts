/** What the browser asks of the routes for signing in: server/access/auth.ts answers. */
import { pathHere } from "../_ui/path-here";

/** Sends something; gives the sentence of a refusal, or nothing where it went well. */
export async function askAuth(path: string, body: object = {}): Promise<string | undefined> {
  const answer = await fetch(pathHere(`/api/auth/${path}`), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (answer?.ok) {
    const { url } = ((await answer.json().catch(() => ({}))) ?? {}) as { url?: string };
    if (url) location.assign(url); // to a provider
    return undefined;
  }
  if (answer?.status === 429) return "That was tried too often. Wait a minute, and try again.";
  if (answer?.status === 401 && path === "sign-in/email") return "The e-mail or the password is wrong.";
  const { message } = ((await answer?.json().catch(() => ({}))) ?? {}) as { message?: string };
  return message ?? "Patchbay does not answer. Try again in a moment.";
}
