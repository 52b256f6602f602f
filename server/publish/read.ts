/** Templates that were published here, as lists and pages show them. */
import type { GraphDocument } from "#nodes/graph/document";
import { emptyForm, type PublishedForm, publishedForm } from "#nodes/graph/published-form";
import type { Actor } from "../access/actor";
import { must } from "../access/may";
import { visible } from "../access/visible";
import type { Db } from "../db";
import { checked } from "../graphs/checked";
import { notFound } from "../not-found";
import { type TemplateNeeds, templateNeeds } from "./needs";

/** A template as a card shows it: its newest version. */
export interface PublishedCard {
  id: string;
  number: number;
  title: string;
  text: string;
  tags: string[];
  licence: string;
  visibility: "team" | "everyone";
  team: string;
  uses: number;
  updatedAt: Date;
  needs: TemplateNeeds;
  hasPicture: boolean;
}

const cardColumns = {
  number: true,
  title: true,
  text: true,
  tags: true,
  licence: true,
  needs: true,
  picture: true,
  createdAt: true,
} as const;

/** What somebody may see of what was published here, the newest first. */
export async function listPublished(db: Db, actor: Actor): Promise<PublishedCard[]> {
  const templates = await db.template.findMany({
    where: { withdrawnAt: null, ...visible(actor).template },
    orderBy: { updatedAt: "desc" },
    take: 500,
    include: {
      team: { select: { name: true } },
      versions: { orderBy: { number: "desc" }, take: 1, select: cardColumns },
    },
  });
  return templates.flatMap(({ id, visibility, team, uses, versions: [newest] }) => {
    if (!newest) return [];
    const { needs, picture, createdAt, ...said } = newest;
    const isTold = { id, visibility, team: team.name, uses, updatedAt: createdAt, hasPicture: picture !== null };
    return [{ ...said, ...isTold, needs: templateNeeds.parse(needs) }];
  });
}

export interface TemplateVersionEntry {
  number: number;
  changes: string;
  createdAt: Date;
}

export interface TemplateDetails extends PublishedCard {
  /** The version that is shown; the newest unless another was asked for. */
  newest: number;
  changes: string;
  form: PublishedForm;
  files: { name: string; bytes: number }[];
  versions: TemplateVersionEntry[];
  withdrawn: boolean;
  /** The graph that it is published from, for those who may see that. */
  graphId: string | null;
}

/**
 * All of a template but its document. One that was taken back is still seen by whoever has a graph that is made of it.
 */
export async function readTemplateDetails(db: Db, actor: Actor, id: string, number?: number): Promise<TemplateDetails> {
  await must(db, actor, "see", { kind: "template", id });
  const template = await db.template.findUnique({
    where: { id },
    include: {
      team: { select: { name: true } },
      versions: {
        orderBy: { number: "desc" },
        select: { ...cardColumns, changes: true, form: true, files: true },
      },
    },
  });
  const shown = template?.versions.find((version) => version.number === (number ?? template.newest));
  if (!template || !shown) throw notFound("This template");
  const { needs, picture, createdAt, form, files, ...said } = shown;
  return {
    ...said,
    id,
    visibility: template.visibility,
    team: template.team.name,
    uses: template.uses,
    updatedAt: createdAt,
    hasPicture: picture !== null,
    newest: template.newest,
    withdrawn: template.withdrawnAt !== null,
    graphId: template.graphId,
    needs: templateNeeds.parse(needs),
    form: publishedForm.safeParse(form).data ?? emptyForm,
    files: files as { name: string; bytes: number }[],
    versions: template.versions.map(({ number: each, changes, createdAt: at }) => ({
      number: each,
      changes,
      createdAt: at,
    })),
  };
}

/** The document of a version; whoever calls this has asked whether the template may be seen. */
export async function documentOfVersion(db: Db, templateId: string, number: number): Promise<GraphDocument> {
  const version = await db.templateVersion.findUnique({
    where: { templateId_number: { templateId, number } },
    select: { document: true },
  });
  if (!version) throw notFound("This version of the template");
  return checked(version.document);
}

/**
 * The template of a graph as it was published last; null where there is none. One that was taken back is gone on with.
 */
export async function templateOfGraph(db: Db, actor: Actor, graphId: string): Promise<TemplateDetails | null> {
  const template = await db.template.findUnique({ where: { graphId }, select: { id: true } });
  return template && readTemplateDetails(db, actor, template.id);
}

/** The stored picture of a version. */
export async function pictureOf(db: Db, templateId: string, number: number): Promise<string | null> {
  const version = await db.templateVersion.findUnique({
    where: { templateId_number: { templateId, number } },
    select: { picture: true },
  });
  return version?.picture ?? null;
}

/** How many graphs there are of each template that ships with Patchbay. */
export async function usesOfShipped(db: Db): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<{ template: string; uses: number }[]>`
    select "document"->>'template' as template, count(*)::int as uses from "Graph"
    where "document"->>'template' is not null group by 1`;
  return new Map(rows.map(({ template, uses }) => [template, uses]));
}
