/** A call of a served graph: answered at once, without a run of its own. */
import { randomBytes } from "node:crypto";
import type { Body } from "./body";
import { apiPath } from "./base";
import { callServed } from "./call-served";
import { nodesGiving } from "./places";
import { asProblem } from "./problem";
import type { ApiRun, RunRequest } from "./schemas";
import { type Served, servedGraph } from "./served";
import { type AskedGraph, readValues } from "./start-run";

/**
 * How a request is answered by a served graph; nothing where it is to be a run of its own: one that does not wait, or
 * that names itself and must be known again.
 */
export async function servedFor(asked: AskedGraph, wait: number): Promise<Served | undefined> {
  if (!wait || asked.header("idempotency-key") !== undefined) return undefined;
  return servedGraph(asked.db, asked.params.id);
}

/** Whether a request is for the version that is served, and asks for nothing that a run alone has. */
export function isServed({ version, label }: Served, { version: asked, webhook }: RunRequest): boolean {
  if (webhook) return false;
  return asked === undefined || asked === (typeof asked === "number" ? version : label);
}

export async function answerServed(
  asked: AskedGraph,
  served: Served,
  request: RunRequest,
  body: Body,
): Promise<Response> {
  const createdAt = new Date();
  const { values } = await readValues(asked, served.document, request, body);
  if (request.outputs) nodesGiving(served.document, request.outputs);
  const files = [...body.files.values()].flat();
  const id = timedId(createdAt.getTime());
  const ended = await callServed(
    {
      id,
      graphId: served.graphId,
      versionId: served.versionId,
      outputs: request.outputs ?? served.outputs,
      values,
      files: new Map(files.flatMap(({ ref, held }) => (held ? [[ref, held] as const] : []))),
    },
    asked.request.signal,
  );
  const self = `${apiPath()}/runs/${id}`;
  const told: ApiRun = {
    id,
    graph: served.graphId,
    version: served.version,
    name: served.name,
    status: "outputs" in ended ? "done" : "failed",
    parameters: values,
    error: "error" in ended ? asProblem(ended.error) : null,
    createdAt: createdAt.toISOString(),
    startedAt: createdAt.toISOString(),
    finishedAt: new Date().toISOString(),
    links: { self, events: `${self}/events`, outputs: `${self}/outputs` },
  };
  // The outputs are JSON already.
  const text = `${JSON.stringify(told).slice(0, -1)},"outputs":${"outputs" in ended ? ended.outputs : "{}"}}`;
  return new Response(text, { headers: { "Content-Type": "application/json", "Served-Warm": "true" } });
}

/** A UUID of version 7: those that are made later come later. */
function timedId(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
