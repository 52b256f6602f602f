import { db } from "#server/db";
import { cookieName, unlock } from "#server/links/visit";
import { visited } from "../../../_shared/visiting";
import { pathHere } from "../../../_ui/path-here";

export const dynamic = "force-dynamic";

const day = 24 * 60 * 60;

/** The password that a visitor typed. Back to the page, which says what came of it. */
export async function POST(request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const { token } = await params;
  const found = await visited(token);
  const page = pathHere(`/s/${encodeURIComponent(token)}`);
  if (found.state !== "locked") return redirect(page);
  const password = String((await request.formData().catch(() => undefined))?.get("password") ?? "");
  const result = await unlock(db(), found.id, password);
  if (!result) return redirect(`${page}?wrong`);
  if ("wait" in result) return redirect(`${page}?wait=${result.wait}`);
  const isSafe = request.headers.get("x-forwarded-proto") === "https" || request.url.startsWith("https:");
  const cookie =
    `${cookieName(found.id)}=${result.mark}; Path=${page}; Max-Age=${day}; HttpOnly; SameSite=Lax` +
    (isSafe ? "; Secure" : "");
  return redirect(page, { "Set-Cookie": cookie });
}

const redirect = (Location: string, headers: Record<string, string> = {}): Response =>
  new Response(null, { status: 303, headers: { ...headers, Location, "Cache-Control": "no-store" } });
