import { Readable } from "node:stream";
import { bundleEnding } from "#server/bundles/manifest";
import { packBundle } from "#server/bundles/pack";
import { blobs } from "#server/storage/open";
import { attachment } from "../../../api/attachment";
import { openOrAnswer, shownBy } from "../../../_shared/visiting";

export const dynamic = "force-dynamic";

/** The graph that a link shows with the files that the link lets out, for another installation. */
export async function GET(_request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const link = await openOrAnswer((await params).token);
  if (link instanceof Response) return link;
  const content = await shownBy(link, false);
  if (!content?.document) return Response.json({ message: "This link shows no graph." }, { status: 404 });
  const { document, description } = content;
  const about = { title: link.title, text: description, tags: [], licence: "" };
  const bundle = await packBundle({ document, about }, blobs());
  const stem = document.name.replace(/[^\w-]+/g, "-").toLowerCase() || "graph";
  return new Response(Readable.toWeb(Readable.from(bundle.stream())) as ReadableStream, {
    headers: {
      "Content-Type": "application/zip",
      "Cache-Control": "private, no-store",
      ...attachment(`${stem}${bundleEnding}`),
    },
  });
}
