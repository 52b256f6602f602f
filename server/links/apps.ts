/** Apps: a version of a graph as a form with results, for those who do not wire. */
import type { PublicError } from "#nodes/graph/events";
import type { GraphDocument } from "#nodes/graph/document";
import { withoutPins } from "#nodes/graph/edits";
import { formProblems, withFormValues } from "#nodes/graph/filled-form";
import { emptyForm, formWithin, type PublishedForm, publishedForm } from "#nodes/graph/published-form";
import { type Assignment, madeAt } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import { must, type Thing } from "../access/may";
import type { Actor } from "../access/who";
import type { Db } from "../db";
import { Failure, failureOf } from "../errors";
import { checked } from "../graphs/checked";
import { notFound } from "../not-found";
import { createRun } from "../runs/create";
import { refsIn } from "../storage/blobs";
import { shippedApp, shippedApps } from "./shipped-apps";

export interface AppEntry {
  id: string;
  title: string;
  text: string;
  /** Comes with Patchbay, and is nobody's. */
  isShipped: boolean;
}

export interface OpenApp extends AppEntry {
  document: GraphDocument;
  form: PublishedForm;
  graphId?: string;
  /** Number of the graph's version. */
  version?: number;
}

export interface ShownOutput {
  label: string;
  /** Where its previews are told of in a run: an output of a composite is made inside of it. */
  node: string;
  port: string;
}

/** What an app is to `may`: one that ships is of the installation, and everybody's who makes runs. */
export function appOfAll(id: string): Thing {
  return shippedApps.some((app) => app.id === id) ? { kind: "app" } : { kind: "app", id };
}

/** Those that ship, then those of graphs that were not deleted, newest first. */
export async function listApps(db: Db, graphId?: string): Promise<AppEntry[]> {
  const found = await db.app.findMany({
    where: { graph: { deletedAt: null }, ...(graphId ? { graphId } : {}) },
    orderBy: { updatedAt: "desc" },
    take: 200,
    select: { id: true, title: true, text: true },
  });
  const own = found.map((app) => ({ ...app, isShipped: false }));
  if (graphId) return own;
  const shipped = shippedApps.map(({ id, title, text }) => ({ id, title, text, isShipped: true }));
  return [...shipped, ...own];
}

/** An app as whoever publishes its graph goes on from it. */
export interface PublishedApp {
  id: string;
  title: string;
  text: string;
  /** Number of the graph's version. */
  version: number;
  form: PublishedForm;
}

/** The apps of a graph with their forms, the one that was published last at first. */
export async function appsOfGraph(db: Db, graphId: string): Promise<PublishedApp[]> {
  const found = await db.app.findMany({
    where: { graphId },
    orderBy: { updatedAt: "desc" },
    take: 200,
    select: { id: true, title: true, text: true, version: true, form: true },
  });
  return found.map((app) => ({ ...app, form: publishedForm.safeParse(app.form).data ?? emptyForm }));
}

export async function openApp(db: Db, id: string): Promise<OpenApp> {
  const shipped = await shippedApp(id);
  if (shipped) return { ...shipped, isShipped: true };
  const isOwn = /^[0-9a-f-]{36}$/i.test(id);
  const app = isOwn ? await db.app.findFirst({ where: { id, graph: { deletedAt: null } } }) : null;
  if (!app) throw notFound("This app");
  const { title, text, graphId, version } = app;
  return {
    ...{ id, title, text, graphId, version },
    isShipped: false,
    document: checked(app.document),
    form: publishedForm.parse(app.form),
  };
}

/** The results that an app shows, by where a run tells of them. */
export function outputsOf({ document, form }: Pick<OpenApp, "document" | "form">): ShownOutput[] {
  return form.outputs.map(({ node, port, label }) => {
    const title = document.nodes[node]?.title ?? registry[document.nodes[node]?.type as keyof typeof registry]?.title;
    return { label: label ?? title ?? node, ...madeAt(document, { node, port }) };
  });
}

export interface NewApp {
  /** Of a version with a name. */
  version: string;
  title: string;
  text: string;
  form: PublishedForm;
  /** The app that this is the next state of. */
  id?: string;
}

/** Makes an app of a version, or has an app be of another one. */
export async function publishApp(
  db: Db,
  { id, version: versionId, title, text, form }: NewApp,
): Promise<{ id: string }> {
  const version = await db.graphVersion.findFirst({ where: { id: versionId, graph: { deletedAt: null } } });
  if (!version) throw notFound("This version");
  if (!version.label) throw new Failure(unnamed);
  const document = withoutPins(checked(version.document));
  const { lacking } = formWithin(form, document, registry);
  if (lacking.length) throw new Failure({ message: `The version does not have ${lacking.join(", ")}.`, hint: takeOut });
  if (!form.outputs.length)
    throw new Failure({ message: "The form shows no result.", hint: "Add at least one output." });
  const problems = [...formProblems(document, form), ...withFormValues(document, form, {}).problems];
  if (problems[0]) throw failureOf(problems[0]);
  const { graphId, number } = version;
  const data = { graphId, title: title || document.name, text, version: number, document, form };
  if (id === undefined) return db.app.create({ data, select: { id: true } });
  const { count } = await db.app.updateMany({ where: { id, graphId }, data });
  if (!count) throw notFound("This app");
  return { id };
}

const unnamed: PublicError = {
  message: "This version has no name.",
  hint: "Others use versions that were named for them: name it, and publish it then.",
};
const takeOut = "Take it out of the form, or publish a version that has it.";

export async function removeApp(db: Db, id: string): Promise<void> {
  const { count } = await db.app.deleteMany({ where: { id } });
  if (!count) throw notFound("This app");
}

export interface Filled {
  /** By "node.param". */
  values: Assignment;
  askedBy?: string;
}

/**
 * Runs an app with what was filled in, within its limits. A value names only files that whoever starts it may see: a
 * form is no way to another's.
 */
export async function startApp(
  db: Db,
  actor: Actor,
  app: OpenApp,
  { values, askedBy }: Filled,
): Promise<{ id: string }> {
  for (const ref of refsIn(values)) await must(db, actor, "see", { kind: "file", id: ref });
  const { document, problems } = withFormValues(app.document, app.form, values);
  if (problems[0]) throw failureOf(problems[0]);
  const targets = [...new Set(app.form.outputs.map(({ node }) => node))];
  const { id } = await createRun(db, {
    document: { ...document, name: app.title },
    targets,
    askedBy,
    assignment: values,
    limits: app.form.limits,
    actor,
  });
  return { id };
}
