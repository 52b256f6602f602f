"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { emptyForm, type PublishedForm } from "#nodes/graph/published-form";
import { type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { Button, IconButton } from "../_ui/button";
import { toast } from "../_ui/toast";
import { Window } from "../_ui/window";
import { Trash2 } from "lucide-react";
import { FormEditor } from "../_publish/form-editor";
import { LimitFields } from "./limit-fields";
import { VersionChoice } from "../_publish/version-choice";
import { pathHere } from "../_ui/path-here";

interface PublishAppProps {
  graph: string;
  save(): Promise<boolean>;
  onClose(): void;
}

type App = Outputs["apps"]["ofGraph"][number];

/** Makes an app of a named version, or has one that the graph has be of it; a form goes on from the last one. */
export function PublishApp(props: PublishAppProps) {
  const trpc = useTRPC();
  const { graph } = props;
  const apps = useQuery(trpc.apps.ofGraph.queryOptions({ graph }));
  const template = useQuery(trpc.templates.ofGraph.queryOptions({ graphId: graph }));
  if (apps.data === undefined || template.data === undefined) return null;
  return <Publishing {...props} apps={apps.data} templateForm={template.data?.form ?? emptyForm} />;
}

interface PublishingProps extends PublishAppProps {
  apps: readonly App[];
  /** Of the template that the graph is published as. */
  templateForm: PublishedForm;
}

interface Wish {
  /** The app that is published again; a new one without. */
  id?: string;
  title: string;
  text: string;
  form: PublishedForm;
}

function Publishing({ graph, save, onClose, apps, templateForm }: PublishingProps) {
  const trpc = useTRPC();
  const [version, setVersion] = useState<string>();
  const blank: Wish = { title: "", text: "", form: apps[0]?.form ?? templateForm };
  const [wish, setWish] = useState<Wish>(apps[0] ?? blank);
  const change = (part: Partial<Wish>) => setWish((now) => ({ ...now, ...part }));
  const known = useQuery({ ...trpc.graphs.version.queryOptions({ id: version ?? "" }), enabled: Boolean(version) });
  // It may have been taken back meanwhile.
  const isAgain = apps.some(({ id }) => id === wish.id);
  const { publish, isPending, problem } = usePublish(isAgain ? wish : { ...wish, id: undefined }, change);
  const footer = (
    <>
      {!wish.form.outputs.length && <span className="text-xs text-ink-3">Add at least one output to the form.</span>}
      <Button
        look="primary"
        className="ml-auto"
        disabled={!version || !wish.form.outputs.length || isPending}
        onClick={() => version && publish(version)}
      >
        {isPending ? "Publishing…" : isAgain ? "Publish again" : "Publish"}
      </Button>
    </>
  );
  return (
    <Window title="Publish as an app" width={760} footer={footer} onClose={onClose}>
      <div className="flex flex-col gap-4" data-publish-app>
        <p className="text-ink-2">
          A simple page for those who do not wire: they fill in what you choose here, press start, and see the results
          that you name. Its graph stays as the version is; files and paths that the version names are read by its runs.
        </p>
        <WhichApp apps={apps} chosen={wish.id} onChoose={(app) => setWish(app ?? { ...blank, form: wish.form })} />
        <VersionChoice graph={graph} value={version} save={save} onChange={setVersion} />
        <label className="block font-medium text-ink-2">
          Title
          <input
            className="field mt-1 font-normal"
            placeholder={known.data?.document.name}
            maxLength={200}
            value={wish.title}
            onChange={(event) => change({ title: event.target.value })}
          />
        </label>
        <label className="block font-medium text-ink-2">
          Text
          <textarea
            className="field mt-1 h-20 py-1.5 font-normal"
            placeholder="What it does, and what it needs (Markdown)"
            maxLength={5000}
            value={wish.text}
            onChange={(event) => change({ text: event.target.value })}
          />
        </label>
        {known.data && (
          <FormEditor
            key={wish.id}
            document={known.data.document}
            form={wish.form}
            onChange={(form) => change({ form })}
          />
        )}
        <LimitFields limits={wish.form.limits} onChange={(limits) => change({ form: { ...wish.form, limits } })} />
        {problem && (
          <p className="rounded-lg bg-bad-soft p-2 text-bad" role="alert">
            <b>{problem.message}</b> {problem.hint}
          </p>
        )}
      </div>
    </Window>
  );
}

interface WhichAppProps {
  apps: readonly App[];
  chosen: string | undefined;
  onChoose(app: App | undefined): void;
}

/** The apps that the graph has: one of them is published again, at the same address, or a new one is made. */
function WhichApp({ apps, chosen, onChoose }: WhichAppProps) {
  const remove = useRemove();
  if (!apps.length) return null;
  return (
    <fieldset className="divide-y divide-line rounded-lg border border-line">
      <legend className="sr-only">Which app</legend>
      {apps.map((app) => (
        <div key={app.id} className="flex items-center gap-2 px-3 py-1.5" data-app-of-graph>
          <label className="flex min-w-0 flex-1 items-center gap-2">
            <input
              type="radio"
              name="which"
              className="accent-[var(--accent)]"
              checked={chosen === app.id}
              onChange={() => onChoose(app)}
            />
            <span className="truncate">{app.title}</span>
            <span className="shrink-0 text-xs text-ink-3">of version {app.version}</span>
          </label>
          <Link href={`/apps/${app.id}`} target="_blank" className="text-xs text-accent hover:underline">
            Open
          </Link>
          <IconButton label={`Take back ${app.title}`} onClick={() => remove(app.id)}>
            <Trash2 className="size-3.5" aria-hidden />
          </IconButton>
        </div>
      ))}
      <label className="flex items-center gap-2 px-3 py-2">
        <input
          type="radio"
          name="which"
          className="accent-[var(--accent)]"
          checked={!apps.some(({ id }) => id === chosen)}
          onChange={() => onChoose(undefined)}
        />
        A new app
      </label>
    </fieldset>
  );
}

function useRemove(): (id: string) => void {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { mutate } = useMutation(
    trpc.apps.remove.mutationOptions({
      onSuccess: () => queries.invalidateQueries(trpc.apps.pathFilter()),
      onError: (error) => toast.error(problemOf(error).message),
    }),
  );
  return (id) => mutate({ id });
}

function usePublish({ id, title, text, form }: Wish, onPublished: (app: { id: string }) => void) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const mutation = useMutation(
    trpc.apps.publish.mutationOptions({
      async onSuccess(app) {
        await queries.invalidateQueries(trpc.apps.pathFilter());
        onPublished(app);
        const action = { label: "Open", onClick: () => window.location.assign(pathHere(`/apps/${app.id}`)) };
        toast(id === undefined ? "Published: it is among the apps." : "The app has this version now.", { action });
      },
    }),
  );
  return {
    publish: (version: string) => mutation.mutate({ id, version, title, text, form: within(form) }),
    isPending: mutation.isPending,
    problem: mutation.error ? problemOf(mutation.error) : undefined,
  };
}

/** Without groups that hold nothing. */
const within = (form: PublishedForm): PublishedForm => ({
  ...form,
  groups: form.groups.filter(({ fields }) => fields.length > 0),
});
