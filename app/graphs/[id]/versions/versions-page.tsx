"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { History, RotateCcw } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo, useState } from "react";
import { toast } from "../../../_ui/toast";
import { changesBetween } from "#nodes/graph/changes";
import type { GraphDocument } from "#nodes/graph/document";
import { problemOf, useTRPC } from "../../../_trpc/client";
import { countOf } from "../../../_ui/amounts";
import { Button } from "../../../_ui/button";
import { Choice } from "../../../_ui/choice";
import { DiffPage } from "../../../_ui/diff/diff-page";
import { DiffView } from "../../../_ui/diff/diff-view";
import { Complaint } from "../../../_ui/page";
import { type Version, VersionList, versionName } from "./version-list";

interface VersionsPageProps {
  graph: string;
  /** The document as it is stored now, as JSON. */
  nowText: string;
  savedAt: Date;
}

/** What a graph was: its versions, in what they differ, and the way back to each. */
export function VersionsPage({ graph, nowText, savedAt }: VersionsPageProps) {
  const trpc = useTRPC();
  const now = useMemo(() => JSON.parse(nowText) as GraphDocument, [nowText]);
  const { data: versions, error } = useQuery(trpc.graphs.versions.queryOptions({ id: graph }));
  const [chosenId, setChosen] = useState<string>();
  const chosen = versions?.find(({ id }) => id === chosenId) ?? versions?.[0];
  return (
    <DiffPage from={{ href: `/graphs/${graph}`, name: now.name }} title="Versions">
      {error && <Complaint>{problemOf(error).message}</Complaint>}
      <main className="flex min-h-0 flex-1">
        {versions?.length === 0 && <NoVersions />}
        {versions && chosen && (
          <>
            <VersionList versions={versions} savedAt={savedAt} chosen={chosen.id} onChoose={setChosen} />
            <Compared key={chosen.id} graph={graph} versions={versions} chosen={chosen} now={now} />
          </>
        )}
      </main>
    </DiffPage>
  );
}

function NoVersions() {
  return (
    <div className="m-auto max-w-md p-6 text-center text-ink-2">
      <History className="mx-auto mb-3 size-8 text-ink-3" aria-hidden />
      <p className="font-medium text-ink">No versions yet</p>
      <p className="mt-1">
        A version is kept of each hour of changes, of all that is run, and when you give one a name: press Ctrl+S in the
        editor.
      </p>
    </div>
  );
}

interface ComparedProps {
  graph: string;
  versions: readonly Version[];
  chosen: Version;
  now: GraphDocument;
}

/** A version beside what is there now, or beside the version before it. */
function Compared({ graph, versions, chosen, now }: ComparedProps) {
  const [other, setOther] = useState<"now" | "before">("now");
  const before = versions[versions.findIndex(({ id }) => id === chosen.id) + 1];
  const document = useVersion(chosen.id);
  const earlier = useVersion(other === "before" ? before?.id : undefined);
  const isNow = other === "now";
  const [old, fresh] = isNow ? [document, now] : [earlier, document];
  const names = isNow
    ? { before: versionName(chosen), after: "now" }
    : { before: before ? versionName(before) : "", after: versionName(chosen) };
  return (
    <section aria-label={versionName(chosen)} className="flex min-w-0 flex-1 flex-col">
      <div className="flex flex-wrap items-center gap-3 border-b border-line bg-surface px-4 py-2">
        <h2 className="min-w-0 truncate font-semibold">{versionName(chosen)}</h2>
        {before && (
          <Choice
            label="Compared with"
            options={{ now: "What changed since", before: "What changed before" }}
            value={other}
            onChange={setOther}
          />
        )}
        <span className="ml-auto" />
        {document && <GoBack graph={graph} version={chosen} document={document} now={now} />}
      </div>
      {old && fresh && <DiffView before={old} after={fresh} names={names} />}
    </section>
  );
}

function useVersion(id: string | undefined): GraphDocument | undefined {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.graphs.version.queryOptions({ id: id ?? "" }, { enabled: id !== undefined }));
  return id === undefined ? undefined : data?.document;
}

interface GoBackProps {
  graph: string;
  version: Version;
  document: GraphDocument;
  now: GraphDocument;
}

/** Discards all changes since a version; what is there now is kept as one first. */
function GoBack({ graph, version, document, now }: GoBackProps) {
  const trpc = useTRPC();
  const router = useRouter();
  const changes = useMemo(() => changesBetween(document, now).length, [document, now]);
  const restore = useMutation(
    trpc.graphs.restoreVersion.mutationOptions({
      onSuccess({ kept }) {
        toast(`Back at ${versionName(version)}.`, { description: `What was there is version ${kept}.` });
        router.push(`/graphs/${graph}`);
        router.refresh();
      },
      onError: (error) => toast.error(problemOf(error).message),
    }),
  );
  return (
    <>
      <span className="text-xs text-ink-3">
        {changes ? `What is there now is kept as a version first.` : "This is what is there now."}
      </span>
      <Button
        look="primary"
        disabled={!changes || restore.isPending}
        onClick={() => restore.mutate({ id: version.id })}
        title="The graph becomes what it was in this version"
      >
        <RotateCcw className="size-4" aria-hidden />
        {changes ? `Discard ${countOf(changes, "change")} since` : "Go back"}
      </Button>
    </>
  );
}
