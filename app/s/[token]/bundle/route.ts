import { packBundle } from "#server/bundles/pack";
import { blobs } from "#server/storage/open";
import { bundleAnswer } from "../../../api/bundle-answer";
import { shownGraphOrAnswer } from "../../../_shared/visiting";

export const dynamic = "force-dynamic";

/** The graph that a link shows with the files that the link lets out, for another installation. */
export async function GET(_request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const shown = await shownGraphOrAnswer((await params).token);
  if (shown instanceof Response) return shown;
  const about = { title: shown.title, text: shown.description, tags: [], licence: "" };
  return bundleAnswer(await packBundle({ document: shown.document, about }, blobs()), shown.stem);
}
