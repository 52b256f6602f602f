"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Checkbox } from "../_ui/checkbox";
import { Complaint } from "../_ui/page";
import { toast } from "../_ui/toast";
import { Window } from "../_ui/window";
import { AboutFields } from "./about-fields";
import { ChangesSince } from "./changes-since";
import { emptyWish, type PublishWish, publicationOf, publishedOf, wishFrom } from "./wish";
import { FormEditor } from "./form-editor";
import { LeavingList } from "./leaving-list";
import { NeedsList } from "./needs-list";
import { PictureChoice, type ResultPicture } from "./picture-choice";
import { VersionChoice } from "./version-choice";
import { pathHere } from "../_ui/path-here";

interface PublishWindowProps {
  graphId: string;
  document: GraphDocument;
  /** Pictures that the run which is shown gave. */
  results: readonly ResultPicture[];
  /** Draws the graph and stores the picture; gives its reference. */
  draw(document: GraphDocument): Promise<string>;
  /** Saves what is on the screen. */
  save(): Promise<boolean>;
  onClose(): void;
}

/** Publishes a named version of a graph as a template: what others will see is all shown here first. */
export function PublishWindow({ graphId, document, ...props }: PublishWindowProps) {
  const trpc = useTRPC();
  const { data: published } = useQuery(trpc.templates.ofGraph.queryOptions({ graphId }));
  if (published === undefined) return null;
  const wish = published ? wishFrom(published) : emptyWish(document);
  return (
    <Publishing key={graphId} graphId={graphId} document={document} begun={wish} published={published} {...props} />
  );
}

interface PublishingProps extends PublishWindowProps {
  begun: PublishWish;
  published: Outputs["templates"]["ofGraph"];
}

function Publishing({ graphId, document, begun, published, results, draw, save, onClose }: PublishingProps) {
  const trpc = useTRPC();
  const [wish, setWish] = useState(begun);
  const [version, setVersion] = useState<string>();
  // With another version something else leaves, which is looked at again.
  const [lookedAt, setLookedAt] = useState<string>();
  const { data } = useQuery(
    trpc.graphs.version.queryOptions({ id: version ?? "" }, { enabled: version !== undefined }),
  );
  const chosen = version === undefined ? undefined : data?.document;
  const hasLooked = chosen !== undefined && lookedAt === version;
  const change = (part: Partial<PublishWish>) => setWish((now) => ({ ...now, ...part }));
  const { publish, isPending, error } = usePublish({ draw, onClose });
  const footer = (
    <>
      <Checkbox
        label="I have looked at what leaves"
        checked={hasLooked}
        disabled={!chosen}
        onChange={(isChecked) => setLookedAt(isChecked ? version : undefined)}
      />
      <Button
        look="primary"
        className="ml-auto"
        disabled={!chosen || !wish.title.trim() || !hasLooked || isPending}
        onClick={() => chosen && version && void publish(wish, version, chosen)}
      >
        {published ? `Publish version ${published.newest + 1}` : "Publish"}
      </Button>
    </>
  );
  return (
    <Window title="Publish as a template" width={760} footer={footer} onClose={onClose}>
      <div className="flex flex-col gap-6" data-publish>
        {error && <Complaint>{error}</Complaint>}
        <VersionChoice graph={graphId} value={version} save={save} onChange={setVersion} />
        <AboutFields wish={wish} isNew={!published} onChange={change} />
        {chosen && version && (
          <>
            {published && <ChangesSince template={published.id} number={published.newest} document={chosen} />}
            <PictureChoice document={chosen} results={results} value={wish.picture} onChange={change} />
            <FormEditor document={chosen} form={wish.form} onChange={(form) => change({ form })} />
            <NeedsList document={chosen} version={version} />
            <LeavingList document={chosen} leaveOut={wish.leaveOut} onChange={(leaveOut) => change({ leaveOut })} />
          </>
        )}
        {!chosen && document && (
          <p className="text-ink-2">Choose a version, and you will see here what leaves with it.</p>
        )}
      </div>
    </Window>
  );
}

/** Draws the picture where it is that of the canvas, and publishes. */
function usePublish({ draw, onClose }: Pick<PublishWindowProps, "draw" | "onClose">) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [drawError, setDrawError] = useState<string>();
  const mutation = useMutation(
    trpc.templates.publish.mutationOptions({
      onSuccess({ id, number }) {
        void queries.invalidateQueries({ queryKey: trpc.templates.pathKey() });
        const action = { label: "Show", onClick: () => window.location.assign(pathHere(`/templates/${id}`)) };
        toast(number === 1 ? "Published: it is in the gallery." : `Version ${number} is in the gallery.`, { action });
        onClose();
      },
    }),
  );
  async function publish(wish: PublishWish, version: string, document: GraphDocument): Promise<void> {
    setDrawError(undefined);
    try {
      const picture = wish.picture === "canvas" ? await draw(publishedOf(document, wish)) : wish.picture;
      mutation.mutate(publicationOf(wish, version, picture));
    } catch (error) {
      setDrawError((error as Error).message);
    }
  }
  const error = drawError ?? (mutation.error ? sentence(mutation.error) : undefined);
  return { publish, isPending: mutation.isPending, error };
}

function sentence(error: unknown): string {
  const { message, hint = "" } = problemOf(error);
  return `${message} ${hint}`;
}
