import * as z from "zod";
import { cleanText } from "#models/files/text";
import type { GraphDocument } from "#nodes/graph/document";
import { leavingWith, withoutLeaving } from "#nodes/graph/leaving";
import { formProblems } from "#nodes/graph/filled-form";
import { formWithin, publishedForm } from "#nodes/graph/published-form";
import { registry } from "#nodes/registry.gen";
import { type Actor, userOf } from "../access/actor";
import { type BroughtFile, reachable, refsNamed } from "../access/files";
import { must } from "../access/may";
import { bundleAbout, bundleLimits } from "../bundles/manifest";
import type { Db } from "../db";
import { Failure, failureOf } from "../errors";
import { checked } from "../graphs/checked";
import { notFound } from "../not-found";
import type { Blobs } from "../storage/blobs";
import { pictureKind } from "../storage/picture-kind";
import { measuredOf, needsOf } from "./needs";

const ref = z.string().regex(/^[0-9a-f]{64}$/);
export const visibilities = ["team", "everyone"] as const;

/** What somebody says when they publish a named version. */
export const publication = z.object({
  /** The named version of the graph. */
  version: z.uuid(),
  about: bundleAbout,
  visibility: z.enum(visibilities),
  form: publishedForm.default({ groups: [], outputs: [] }),
  /** What of the document stays here. Pinned results always do. */
  leaveOut: z.object({ files: z.boolean(), paths: z.boolean(), notes: z.boolean() }).partial().default({}),
  /** A stored picture: PNG, JPEG or WebP. */
  picture: ref.optional(),
  /** What is new in it. */
  changes: z.string().trim().max(2000).overwrite(cleanText).default(""),
});
export type Publication = z.output<typeof publication>;

export interface Published {
  /** The template, and the version of it that this is. */
  id: string;
  number: number;
}

/**
 * Publishes a named version of a graph: as a new template, or as the next version of the one that the graph has.
 * What others get is a copy of the document as it is now; nothing that happens to the graph later shows in it.
 */
export async function publish(db: Db, blobs: Blobs, actor: Actor, wish: Publication): Promise<Published> {
  const version = await db.graphVersion.findUnique({
    where: { id: wish.version },
    include: { graph: { select: { id: true, teamId: true, deletedAt: true } } },
  });
  if (!version || version.graph.deletedAt) throw notFound("This version");
  await must(db, actor, "share", { kind: "graph", id: version.graph.id });
  if (!version.label) throw new Failure(unnamed);
  const document = withoutLeaving(checked(version.document), wish.leaveOut);
  const { form } = formWithin(wish.form, document, registry);
  const [problem] = formProblems(document, form);
  if (problem) throw failureOf(problem);
  if (wish.picture) await refuseOtherPicture(db, blobs, actor, wish.picture);
  const files = await filesOf(db, blobs, actor, document);
  const measured = await measuredOf(db, { id: version.id, graphId: version.graph.id });
  const content = {
    ...wish.about,
    changes: wish.changes,
    document,
    form,
    needs: needsOf(document, { files, measured }),
    files: files.map(({ ref: each, name, bytes }) => ({ ref: each, name, bytes })),
    picture: wish.picture ?? null,
    graphVersionId: version.id,
  };
  const owner = { teamId: version.graph.teamId, userId: userOf(actor) };
  return addTemplateVersion(db, { graphId: version.graph.id, owner, visibility: wish.visibility, content });
}

const unnamed = {
  message: "Only a version with a name is published.",
  hint: "Give it a name first: what others see is what you chose, and not what you work on.",
};

type Content = Omit<Parameters<Db["templateVersion"]["create"]>[0]["data"], "templateId" | "template" | "number">;

interface Addition {
  graphId: string;
  owner: { teamId: string; userId: string | null };
  visibility: (typeof visibilities)[number];
  content: Content;
}

/** The row of the template is locked until the end, so that numbers follow each other. */
function addTemplateVersion(db: Db, { graphId, owner, visibility, content }: Addition): Promise<Published> {
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Graph" where "id" = ${graphId}::uuid for update`;
    const known = await tx.template.findUnique({ where: { graphId }, select: { id: true } });
    const { id } = known
      ? await tx.template.update({ where: known, data: { visibility, withdrawnAt: null }, select: { id: true } })
      : await tx.template.create({ data: { ...owner, graphId, visibility }, select: { id: true } });
    const last = await tx.templateVersion.findFirst({ where: { templateId: id }, orderBy: { number: "desc" } });
    const number = (last?.number ?? 0) + 1;
    await tx.templateVersion.create({ data: { ...content, templateId: id, number } as never });
    await tx.template.update({ where: { id }, data: { newest: number } });
    return { id, number };
  });
}

/** The files that go along: those that the document names, and that its publisher may read. */
async function filesOf(db: Db, blobs: Blobs, actor: Actor, document: GraphDocument): Promise<BroughtFile[]> {
  const names = namesOf(document);
  const mine = await reachable(db, actor, refsNamed(document));
  const files: BroughtFile[] = [];
  for (const each of mine) {
    const bytes = await blobs.size(each).catch(() => undefined);
    if (bytes !== undefined) files.push({ ref: each, bytes, name: names.get(each) ?? "" });
  }
  return files;
}

function namesOf(document: GraphDocument): Map<string, string> {
  return new Map(leavingWith(document).files.map((file) => [file.ref, file.name]));
}

async function refuseOtherPicture(db: Db, blobs: Blobs, actor: Actor, picture: string): Promise<void> {
  const isMine = (await reachable(db, actor, [picture])).has(picture) && (await blobs.has(picture));
  const bytes = isMine ? await blobs.size(picture) : 0;
  const isFine = isMine && bytes <= bundleLimits.pictureBytes && pictureKind(await blobs.read(picture, 0, 12));
  if (isFine) return;
  throw new Failure({
    message: "The picture cannot be used.",
    hint: "Take one that is PNG, JPEG or WebP, and has at most 4 MiB.",
  });
}
