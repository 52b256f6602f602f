import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { refusedFor } from "../../../allowed";
import { env } from "#server/env";

/** The editor with a template after a run, as its page in the docs shows it. Not there where it was never drawn. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const refused = await refusedFor(request, "see", { kind: "installation" });
  if (refused) return refused;
  const { id } = await params;
  const isName = /^[a-z0-9-]+$/.test(id);
  const bytes = isName
    ? await readFile(join(env().root, "docs/templates", `${id}.png`)).catch(() => undefined)
    : undefined;
  if (!bytes) return new Response(null, { status: 404 });
  const headers = { "Content-Type": "image/png", "Cache-Control": "private, max-age=86400" };
  return new Response(new Uint8Array(bytes), { headers });
}
