"use client";

import { useMutation } from "@tanstack/react-query";
import { Copy, Download, GitFork, Undo2 } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { type Outputs, problemOf, useTRPC } from "../../_trpc/client";
import { Ago } from "../../_ui/ago";
import { countOf, duration, size } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { Card } from "../../_ui/card";
import { Choice } from "../../_ui/choice";
import { Markdown } from "../../_ui/markdown";
import { Shell } from "../../_ui/shell";
import { toast } from "../../_ui/toast";

import type { FormLines } from "./form-lines";
import { pathHere } from "../../_ui/path-here";

type Template = Outputs["templates"]["get"];

interface TemplatePageProps {
  template: Template;
  needs: readonly string[];
  form: readonly FormLines[];
  picture: ReactNode;
  mayShare: boolean;
}

/** A template: what it is, what it needs, its versions; and the way to a graph of one's own. */
export function TemplatePage({ template, needs, form, picture, mayShare }: TemplatePageProps) {
  const { title, text, team, number, newest, licence, uses, tags, updatedAt, files, from } = template;
  return (
    <Shell here="start" actions={<UseButtons template={template} />}>
      <div className="grid gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]" data-template-page>
        <div className="min-w-0">
          <h1 className="text-xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
          <p className="mt-1 text-ink-2">
            {team}, version {number}
            {number < newest && ` of ${newest}`} · <Ago date={updatedAt} /> · used {countOf(uses, "time")}
            {licence && ` · ${licence}`}
          </p>
          {from && <ForkLine from={from} />}
          <Tags tags={tags} />
          <div className="mt-4 aspect-video overflow-hidden rounded-xl border border-line bg-sunken">{picture}</div>
          {text && (
            <div className="mt-4 max-w-prose wrap-anywhere">
              <Markdown text={text} />
            </div>
          )}
        </div>
        <div className="min-w-0 [&>section:first-child]:mt-0">
          <Card title="What it needs">
            <Needs template={template} needs={needs} />
          </Card>
          {files.length > 0 && (
            <Card title="Files that come with it">
              <ul className="text-ink-2">
                {files.map((file) => (
                  <li key={file.name} className="flex gap-2 wrap-anywhere">
                    {file.name || "a file"}
                    <span className="ml-auto shrink-0 text-ink-3">{size(file.bytes)}</span>
                  </li>
                ))}
              </ul>
            </Card>
          )}
          {form.length > 0 && (
            <Card title="What is set">
              <FormSummary form={form} />
            </Card>
          )}
          <Versions template={template} />
          {mayShare && <Sharing template={template} />}
        </div>
      </div>
    </Shell>
  );
}

function ForkLine({ from: { id, title, number } }: { from: NonNullable<Template["from"]> }) {
  return (
    <p className="mt-1 flex items-center gap-1.5 text-xs text-ink-3" data-fork>
      <GitFork className="size-3.5" aria-hidden />
      <span>
        Made from{" "}
        {id === undefined ? (
          title
        ) : (
          <Link href={`/templates/${id}`} className="text-accent hover:underline">
            {title}
          </Link>
        )}
        {number !== undefined && `, version ${number}`}
      </span>
    </p>
  );
}

/** What whoever uses it is asked for. */
function FormSummary({ form }: Pick<TemplatePageProps, "form">) {
  return form.map(({ title, fields }, i) => (
    <section key={i} className="not-first:mt-3">
      {title && <h3 className="mb-1 font-medium">{title}</h3>}
      <ul className="flex flex-col gap-1">
        {fields.map(({ label, help, range }) => (
          <li key={label} className="wrap-anywhere text-ink-2">
            {label}
            {range && <span className="text-ink-3">: {range}</span>}
            {help && <p className="text-xs text-ink-3">{help}</p>}
          </li>
        ))}
      </ul>
    </section>
  ));
}

function Tags({ tags }: { tags: readonly string[] }) {
  if (!tags.length) return null;
  return (
    <p className="mt-2 flex flex-wrap gap-2 text-xs">
      {tags.map((tag) => (
        <span key={tag} className="rounded-full bg-sunken px-2 py-0.5 text-ink-2">
          {tag}
        </span>
      ))}
    </p>
  );
}

function UseButtons({ template: { id, number, title, withdrawn } }: { template: Template }) {
  const trpc = useTRPC();
  const router = useRouter();
  const use = useMutation(
    trpc.templates.use.mutationOptions({
      onSuccess: (graph) => router.push(`/graphs/${graph.id}`),
      onError: (error) => toast.error(problemOf(error).message),
    }),
  );
  return (
    <>
      <a
        href={pathHere(`/api/published/${id}/bundle?version=${number}`)}
        download
        aria-label={`Download ${title} as a bundle`}
        className="inline-flex h-8 items-center gap-1.5 rounded-md px-2 text-ink-2 hover:bg-sunken hover:text-ink"
      >
        <Download className="size-4" aria-hidden />
        <span className="hidden sm:inline">Bundle</span>
      </a>
      <Button look="primary" disabled={withdrawn || use.isPending} onClick={() => use.mutate({ id, number })}>
        <Copy className="size-4" aria-hidden />
        Use this
      </Button>
    </>
  );
}

function Needs({ template, needs }: { template: Template; needs: readonly string[] }) {
  const { nodes, trains, measured } = template.needs;
  const took = measured && [duration(measured.seconds * 1000), ...(measured.memory ? [size(measured.memory)] : [])];
  return (
    <ul className="text-ink-2">
      <li>
        {countOf(nodes, "node")}
        {trains && ", trains a model"}
      </li>
      <li>{took ? `${took.join(", ")}, as its last run took` : "Nobody ran it to its end before it was published."}</li>
      {needs.map((need) => (
        <li key={need} className="text-warn">
          needs {need}
        </li>
      ))}
    </ul>
  );
}

function Versions({ template: { id, number, versions } }: { template: Template }) {
  return (
    <Card title="Versions">
      <ol className="flex flex-col gap-2" data-template-versions>
        {versions.map((version) => (
          <li key={version.number}>
            <Link
              href={`/templates/${id}?version=${version.number}`}
              aria-current={version.number === number || undefined}
              className={version.number === number ? "font-medium" : "text-accent hover:underline"}
            >
              Version {version.number}
            </Link>
            <span className="ml-2 text-xs text-ink-3">
              <Ago date={version.createdAt} />
            </span>
            {version.changes && <p className="wrap-anywhere text-ink-2">{version.changes}</p>}
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** For those who may share it: who finds it, and taking it back. */
function Sharing({ template: { id, visibility, withdrawn, graphId } }: { template: Template }) {
  const trpc = useTRPC();
  const router = useRouter();
  const onError = (error: unknown) => toast.error(problemOf(error).message);
  const refresh = { onSuccess: () => router.refresh(), onError };
  const setVisibility = useMutation(trpc.templates.setVisibility.mutationOptions(refresh));
  const withdraw = useMutation(trpc.templates.withdraw.mutationOptions(refresh));
  return (
    <Card title="Sharing">
      {graphId && (
        <>
          <Choice
            label="Found by"
            options={{ team: "My team", everyone: "Everyone here" }}
            value={visibility}
            onChange={(wanted) => setVisibility.mutate({ id, visibility: wanted })}
          />
          <p className="mt-2">
            <Link href={`/graphs/${graphId}`} className="text-accent hover:underline">
              The graph that it is published from
            </Link>
          </p>
        </>
      )}
      {withdrawn ? (
        <p className="mt-2 text-ink-2">It was taken back: nobody finds it. Publish the graph again to bring it back.</p>
      ) : (
        <Button size="s" look="danger" className="mt-3" onClick={() => withdraw.mutate({ id })}>
          <Undo2 className="size-3.5" aria-hidden />
          Take it back
        </Button>
      )}
    </Card>
  );
}
