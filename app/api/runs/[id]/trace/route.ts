import { db } from "#server/db";
import { traceOf } from "#server/runs/trace";
import { isId } from "../../../../_ui/is-id";
import { refusedFor } from "../../../allowed";
import { attachment, noSuchFile } from "../../../attachment";

export const dynamic = "force-dynamic";

/** When each node of a run was computed, for chrome://tracing and Perfetto. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params;
  if (!isId(id)) return noSuchFile();
  const refused = await refusedFor(request, "see", { kind: "run", id });
  if (refused) return refused;
  const trace = await traceOf(db(), id);
  if (!trace) return noSuchFile();
  return new Response(JSON.stringify(trace), {
    headers: { "Content-Type": "application/json", ...attachment(`run-${id.slice(0, 8)}.trace.json`) },
  });
}
