/** Templates that were published here, as lists and pages show them. */
import type { GraphDocument } from "#nodes/graph/document";
import { emptyForm, type PublishedForm, publishedForm } from "#nodes/graph/published-form";
import type { Actor } from "../access/actor";
import { may, must } from "../access/may";
import { visible } from "../access/visible";
import type { Db } from "../db";
import { checked } from "../graphs/checked";
import { notFound } from "../not-found";
import { type TemplateOrigin, templateOrigin } from "./origin";
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
  /** Whoever asks is of that team. */
  isOfMyTeam: boolean;
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
  const where = { withdrawnAt: null, ...visible(actor).template };
  const mine = await teamsOf(db, actor);
  const templates = await db.template.findMany({
    where,
    orderBy: { updatedAt: "desc" },
    take: 500,
    include: {
      team: { select: { name: true } },
      versions: { orderBy: { number: "desc" }, take: 1, select: cardColumns },
    },
  });
  return templates.flatMap(({ id, visibility, team, teamId, registryId, uses, versions: [newest] }) => {
    if (!newest) return [];
    const { needs, picture, createdAt, ...said } = newest;
    const isOfMyTeam = registryId === null && mine.has(teamId);
    const isTold = { id, visibility, team: team.name, isOfMyTeam, uses, updatedAt: createdAt };
    return [{ ...said, ...isTold, hasPicture: picture !== null, needs: templateNeeds.parse(needs) }];
  });
}

/** The teams that somebody is in. */
async function teamsOf(db: Db, actor: Actor): Promise<Set<string>> {
  const teams = await db.team.findMany({ where: visible(actor).team, select: { id: true } });
  return new Set(teams.map(({ id }) => id));
}

export interface TemplateVersionEntry {
  number: number;
  changes: string;
  createdAt: Date;
}

export interface TemplateDetails extends Omit<PublishedCard, "isOfMyTeam"> {
  /** The version that is shown; the newest unless another was asked for. */
  newest: number;
  changes: string;
  form: PublishedForm;
  files: { name: string; bytes: number }[];
  versions: TemplateVersionEntry[];
  withdrawn: boolean;
  /** The graph that it is published from, for those who may see that. */
  graphId: string | null;
  /** The template that this graph was made of, for those who may see it: what this one is a fork of. */
  from?: TemplateOrigin;
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
      graph: { select: { document: true, originTemplateId: true, originTemplateVersion: true } },
      versions: {
        orderBy: { number: "desc" },
        select: { ...cardColumns, changes: true, form: true, files: true },
      },
    },
  });
  const shown = template?.versions.find((version) => version.number === (number ?? template.newest));
  if (!template || !shown) throw notFound("This template");
  const maySee = (graphId: string) => may(db, actor, "see", { kind: "graph", id: graphId });
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
    graphId: template.graphId && (await maySee(template.graphId)) ? template.graphId : null,
    from: template.graph ? await templateOrigin(db, actor, template.graph) : undefined,
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
