import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { refusedFor } from "../../../allowed";
import { env } from "#server/env";

/** What a template gives, for its card: `?theme=dark` for a dark page. Not there where it was never photographed. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const refused = await refusedFor(request, "see", { kind: "installation" });
  if (refused) return refused;
  const { id } = await params;
  const theme = new URL(request.url).searchParams.get("theme") === "dark" ? "dark" : "light";
  const isName = /^[a-z0-9-]+$/.test(id);
  const bytes = isName
    ? await readFile(join(env().root, "docs/templates/cards", `${id}-${theme}.webp`)).catch(() => undefined)
    : undefined;
  if (!bytes) return new Response(null, { status: 404 });
  const headers = { "Content-Type": "image/webp", "Cache-Control": "private, max-age=86400" };
  return new Response(new Uint8Array(bytes), { headers });
}
