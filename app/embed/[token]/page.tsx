import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { SharedContent } from "#server/links/content";
import { GraphPicture } from "../../_shared/graph-picture";
import { linkMetadata } from "../../_shared/link-metadata";
import { RunParts } from "../../_shared/run-parts";
import { shownBy, visited } from "../../_shared/visiting";
import { pathHere } from "../../_ui/path-here";
import { SmallPage } from "../../_ui/small-page";

export const dynamic = "force-dynamic";

const noContent: SharedContent = { title: "", description: "", runs: [], parameters: [] };

interface PageProps {
  params: Promise<{ token: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  return linkMetadata((await params).token);
}

/** What a link shows, for a frame in a page of a site that its sharer allowed (`proxy.ts`). */
export default async function Page({ params }: PageProps) {
  const { token } = await params;
  const link = await visited(token);
  if (link.state === "closed") notFound();
  const address = pathHere(`/s/${token}`);
  if (link.state === "locked") return <Locked address={address} />;
  const { document, ...results } = (await shownBy(link, true)) ?? noContent;
  return (
    <main className="flex h-screen flex-col" data-embed>
      {document && (
        <div className="min-h-0 flex-1 p-2">
          <GraphPicture document={document} fills />
        </div>
      )}
      {results.runs.length > 0 && (
        <div className="max-h-[50vh] shrink-0 overflow-y-auto px-3 pb-3">
          <RunParts token={token} content={results} />
        </div>
      )}
      <a
        href={address}
        target="_blank"
        rel="noreferrer"
        className="mt-auto truncate border-t border-line bg-surface px-3 py-1.5 text-xs text-ink-2 hover:text-ink"
      >
        {link.title} · open in Patchbay
      </a>
    </main>
  );
}

/** Browsers send a frame no cookie of another site, so that a password is asked for on a page of its own. */
function Locked({ address }: { address: string }) {
  return (
    <SmallPage title="This link asks for a password" note="Open it on a page of its own, and enter the password there.">
      <a href={address} target="_blank" rel="noreferrer" className="mt-4 inline-block text-accent hover:underline">
        Open in Patchbay
      </a>
    </SmallPage>
  );
}
