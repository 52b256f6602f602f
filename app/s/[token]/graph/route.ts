import { attachment } from "../../../api/attachment";
import { shownGraphOrAnswer } from "../../../_shared/visiting";

export const dynamic = "force-dynamic";

/** The graph that a link shows, as a file. */
export async function GET(_request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const shown = await shownGraphOrAnswer((await params).token);
  if (shown instanceof Response) return shown;
  const headers = { "Cache-Control": "private, no-store", ...attachment(`${shown.stem}.json`) };
  return Response.json(shown.document, { headers });
}
