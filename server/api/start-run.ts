/** A request for a run: which version, with which values and files; and the run that comes of it, once. */
import type { GraphDocument } from "#nodes/graph/document";
import type { Assignment } from "#nodes/graph/sweep";
import { Prisma } from "../../prisma/generated/client";
import { createRun, ownerOfRun } from "../runs/create";
import { addWebhook } from "../webhooks/webhooks";
import { blobs } from "../storage/open";
import { sha256 } from "../storage/blobs";
import { recordFiles } from "../access/files";
import type { Body } from "./body";
import { refsNamedIn, valueOfFiles } from "./files";
import { knownRun, rememberRun, type Once } from "./idempotency";
import { type Json, parameterNamed, withParameters } from "./parameters";
import { nodesGiving } from "./places";
import { Refusal } from "./problem";
import type { Asked } from "./route";
import type { RunRequest } from "./schemas";
import { type NamedVersion, namedVersion } from "./versions";

/** So many runs may wait in all before more are refused. */
const mostWaiting = 500;

/** What a request asks for, judged. */
export interface Wanted {
  version: NamedVersion;
  values: Assignment;
  document: GraphDocument;
  targets: string[];
  webhook?: RunRequest["webhook"];
}

export interface Started {
  id: string;
  /** The same request came before: this is its run. */
  isKnown: boolean;
}

export type AskedGraph = Asked<{ id: string }, object>;

/** What a request for a run of a graph asks for. */
export async function readWanted(asked: AskedGraph, request: RunRequest, body: Body): Promise<Wanted> {
  const { db, actor, params } = asked;
  await recordFiles(db, await ownerOfRun(db, actor, params.id), [...body.files.values()].flat());
  const version = await namedVersion(db, params.id, request.version);
  const { values, document } = await readValues(asked, version.document, request, body);
  const targets = nodesGiving(document, request.outputs ?? []);
  return { version, values, document, targets, webhook: request.webhook };
}

/** The values of a request, each judged by its place; and the graph with them. */
export async function readValues(
  asked: AskedGraph,
  version: GraphDocument,
  request: RunRequest,
  body: Body,
): Promise<{ values: Assignment; document: GraphDocument }> {
  const values = await valuesOf(version, request, body);
  await refuseForgedFiles(asked, version, values, body);
  return { values, document: withParameters(version, values) };
}

async function valuesOf(document: GraphDocument, { parameters = {} }: RunRequest, body: Body): Promise<Assignment> {
  const values: Record<string, Json> = { ...parameters };
  for (const [name, text] of body.fields) values[name] = fieldValue(parameterNamed(document, name).schema, text);
  for (const [name, files] of body.files)
    values[name] = await valueOfFiles(name, parameterNamed(document, name), files);
  return values;
}

/** A form's field: the text itself where the parameter takes it, and else what it says as JSON. */
function fieldValue(schema: { safeParse(value: unknown): { success: boolean } }, text: string): Json {
  if (schema.safeParse(text).success) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Values may name files that came with the request, that the version has, or that whoever asks may see. */
async function refuseForgedFiles(
  asked: AskedGraph,
  document: GraphDocument,
  values: Assignment,
  body: Body,
): Promise<void> {
  const sent = [...body.files.values()].flat().map(({ ref }) => ref);
  const known = new Set([...sent, ...refsNamedIn(document as unknown as Json)]);
  for (const [name, value] of Object.entries(values)) {
    for (const ref of refsNamedIn(value)) {
      if (known.has(ref)) continue;
      await asked.allow("see", { kind: "file", id: ref });
      if (await blobs().has(ref)) continue;
      throw new Refusal(422, {
        message: `${name} names the file ${ref.slice(0, 12)}…, which is not in the store.`,
        hint: "Send it to /api/v1/files first, or with the request.",
        param: name,
      });
    }
  }
}

/** The run of a request; where it named itself and came before, the run that it made then. */
export async function startRun(asked: AskedGraph, wanted: Wanted): Promise<Started> {
  const once = onceOf(asked, wanted);
  const known = once && (await knownRun(asked.db, once));
  if (known) return { id: known, isKnown: true };
  await refuseTooMany(asked);
  const { version, values, document, targets, webhook } = wanted;
  try {
    const run = await createRun(asked.db, {
      graphId: version.graphId,
      versionId: version.id,
      document,
      targets,
      assignment: values,
      actor: asked.actor,
      async alongside(tx, runId) {
        if (once) await rememberRun(tx, once, runId);
        if (webhook) await addWebhook(tx, { runId, ...webhook });
      },
    });
    return { id: run.id, isKnown: false };
  } catch (error) {
    // The same request came at the same time, and was first.
    const isTwice = error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
    const first = isTwice && once ? await knownRun(asked.db, once) : undefined;
    if (first) return { id: first, isKnown: true };
    throw error;
  }
}

/** By what a request is known again. */
function onceOf(asked: AskedGraph, { version, values, targets }: Wanted): Once | undefined {
  const key = asked.header("idempotency-key");
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e][\x20-\x7e]{0,254}$/.test(key))
    throw new Refusal(400, {
      message: "The Idempotency-Key is not one to 255 visible letters.",
      hint: "Send a UUID, for example.",
    });
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const request = sha256(JSON.stringify([version.id, sorted, targets]));
  return { scope: `${JSON.stringify(asked.actor)} ${version.graphId}`, key, request };
}

async function refuseTooMany({ db }: AskedGraph): Promise<void> {
  const waiting = await db.run.count({ where: { status: "queued", sweepId: null } });
  if (waiting < mostWaiting) return;
  throw new Refusal(
    429,
    { message: `${waiting} runs wait already.`, hint: "Try again when some of them have ended." },
    { "Retry-After": "10" },
  );
}
