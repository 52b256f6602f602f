import { attachment } from "../../../api/attachment";
import { openOrAnswer, shownBy } from "../../../_shared/visiting";

export const dynamic = "force-dynamic";

/** The graph that a link shows, as a file. */
export async function GET(_request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const link = await openOrAnswer((await params).token);
  if (link instanceof Response) return link;
  const content = await shownBy(link, false);
  if (!content?.document) return Response.json({ message: "This link shows no graph." }, { status: 404 });
  const stem = content.document.name.replace(/[^\w-]+/g, "-").toLowerCase() || "graph";
  const headers = { "Cache-Control": "private, no-store", ...attachment(`${stem}.json`) };
  return Response.json(content.document, { headers });
}
