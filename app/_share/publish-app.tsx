"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { emptyForm, type PublishedForm } from "#nodes/graph/published-form";
import { problemOf, useTRPC } from "../_trpc/client";
import { Button, IconButton } from "../_ui/button";
import { Window } from "../_ui/window";
import { Trash2 } from "lucide-react";
import { FormEditor } from "../_publish/form-editor";
import { LimitFields } from "./limit-fields";
import { VersionChoice } from "./source-choice";

interface PublishAppProps {
  graph: string;
  save(): Promise<boolean>;
  onClose(): void;
}

/** Makes an app of a named version; lists those that the graph has. */
export function PublishApp({ graph, save, onClose }: PublishAppProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [version, setVersion] = useState<string>();
  const [title, setTitle] = useState("");
  const [text, setText] = useState("");
  const [form, setForm] = useState<PublishedForm>(emptyForm);
  const { data: apps = [] } = useQuery(trpc.apps.list.queryOptions({ graph }));
  const known = useQuery({ ...trpc.graphs.version.queryOptions({ id: version ?? "" }), enabled: Boolean(version) });
  const publish = useMutation(
    trpc.apps.publish.mutationOptions({ onSuccess: () => queries.invalidateQueries(trpc.apps.list.queryFilter()) }),
  );
  const remove = useMutation(
    trpc.apps.remove.mutationOptions({ onSuccess: () => queries.invalidateQueries(trpc.apps.list.queryFilter()) }),
  );
  const problem = publish.error ? problemOf(publish.error) : undefined;
  const footer = (
    <Button
      look="primary"
      className="ml-auto"
      disabled={!version || !form.outputs.length || publish.isPending}
      onClick={() => version && publish.mutate({ version, title, text, form: within(form) })}
    >
      Publish
    </Button>
  );
  return (
    <Window title="Publish as an app" width={680} footer={footer} onClose={onClose}>
      <div className="flex flex-col gap-4">
        <p className="text-ink-2">
          A simple page for those who do not wire: they fill in what you choose here, press start, and see the results
          that you name. Its graph stays as the version is; files and paths that the version names are read by its runs.
        </p>
        {apps.map((app) => (
          <p key={app.id} className="flex items-center gap-2" data-app-of-graph>
            <Link href={`/apps/${app.id}`} className="text-accent hover:underline">
              {app.title}
            </Link>
            <IconButton label={`Take back ${app.title}`} onClick={() => remove.mutate({ id: app.id })}>
              <Trash2 className="size-3.5" aria-hidden />
            </IconButton>
          </p>
        ))}
        <VersionChoice graph={graph} value={version} save={save} onChange={setVersion} />
        <input
          className="field"
          aria-label="Title"
          placeholder={known.data?.document.name ?? "Title"}
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <textarea
          className="field h-20 py-1.5"
          aria-label="What it does"
          placeholder="What it does, and what it needs (Markdown)"
          maxLength={5000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {known.data && <FormEditor document={known.data.document} form={form} onChange={setForm} />}
        <LimitFields limits={form.limits} onChange={(limits) => setForm({ ...form, limits })} />
        {problem && (
          <p className="rounded-lg bg-bad-soft p-2 text-bad" role="alert">
            <b>{problem.message}</b> {problem.hint}
          </p>
        )}
      </div>
    </Window>
  );
}

/** Without groups that hold nothing. */
const within = (form: PublishedForm): PublishedForm => ({
  ...form,
  groups: form.groups.filter(({ fields }) => fields.length > 0),
});
