/** Answers calls of served graphs: rows of calls that come together are computed together. */
import type { GraphDocument } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { type Assignment, madeAt, withAssignment } from "#nodes/graph/sweep";
import type { Port } from "#nodes/core/ports";
import type { PortType, PortValue, Tensor } from "#nodes/core/values";
import { registry } from "#nodes/registry.gen";
import { Failure, toPublic } from "../errors";
import type { HeldSecrets } from "../hub/held-secrets";
import { rangeOf, type RowType } from "../runtime/rows";
import { rowCount } from "../runtime/values";
import type { Blobs } from "../storage/blobs";
import { Batches, type Waiting } from "./batches";
import { Busy, type Call, type Ended } from "./calls";
import { heldBlobs } from "./held-blobs";
import { ServedPlan } from "./plan";
import { joinedRows, partsOf, rowsIn } from "./row-values";

interface Waiter extends Waiting {
  call: Call;
  document: GraphDocument;
  rowValues: Assignment;
  began: number;
  end(ended: Ended): void;
}

/** Plans are kept for so many different settings of what calls have in common. */
const mostPlans = 8;
/** Milliseconds after which nothing is computed any more with a plan that was given up. */
const lastUse = 60_000;

export class Serving {
  readonly #documents = new Map<string, Promise<GraphDocument>>();
  readonly #plans = new Map<string, Promise<ServedPlan>>();
  readonly #batches = new Batches<Waiter>((calls) => this.#compute(calls));

  constructor(
    readonly documentOf: (versionId: string) => Promise<GraphDocument>,
    readonly secretsOf: (versionId: string) => Promise<HeldSecrets>,
    readonly blobs: Blobs,
  ) {}

  /** Answers a call. Throws `Busy` where there is too much to do. */
  async answer(call: Call, gone: AbortSignal): Promise<Ended> {
    const began = performance.now();
    try {
      const document = await this.#document(call.versionId);
      const { rows, fixed } = partsOf(document, call.values);
      const key = JSON.stringify([
        call.versionId,
        call.outputs,
        Object.entries(fixed).sort(),
        Object.keys(rows).sort(),
      ]);
      const count = Math.max(1, ...Object.values(rows).map(rowsIn));
      return await new Promise<Ended>((end) => {
        const waiter = { key, call, document, rows: count, rowValues: rows, began, end };
        this.#batches.add(waiter);
        gone.addEventListener("abort", () => leave(waiter), { once: true });
      });
    } catch (error) {
      if (error instanceof Busy) throw error;
      return { ms: performance.now() - began, rows: 0, error: toPublic(error) };
    }
  }

  #document(versionId: string): Promise<GraphDocument> {
    const known = this.#documents.get(versionId) ?? this.documentOf(versionId);
    this.#documents.set(versionId, known);
    known.catch(() => this.#documents.delete(versionId));
    return known;
  }

  async #compute(calls: readonly Waiter[]): Promise<void> {
    try {
      const plan = await this.#planFor(calls[0] as Waiter);
      if (calls.length === 1 || plan.isByRow) return await this.#together(plan, calls);
      for (const call of calls) await this.#alone(plan, call);
    } catch (error) {
      for (const call of calls) fail(call, error);
    }
  }

  #planFor({ key, call, document }: Waiter): Promise<ServedPlan> {
    const known = this.#plans.get(key);
    if (known) {
      // The one that was used last is given up last.
      this.#plans.delete(key);
      this.#plans.set(key, known);
      return known;
    }
    const targets = [...new Set(call.outputs.map((place) => place.slice(0, place.indexOf("."))))];
    const whole = withAssignment(document, call.values);
    const opened = this.secretsOf(call.versionId).then((secrets) =>
      ServedPlan.open({ document: whole, targets, values: call.values, secrets }, this.blobs),
    );
    this.#plans.set(key, opened);
    opened.catch(() => this.#plans.delete(key));
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > mostPlans && oldest !== undefined) this.#giveUp(oldest);
    return opened;
  }

  #giveUp(key: string): void {
    const plan = this.#plans.get(key);
    this.#plans.delete(key);
    setTimeout(() => void plan?.then((open) => open.close()).catch(() => {}), lastUse).unref();
  }

  /** One of several that fails must not take the others along: then each is computed by itself. */
  async #together(plan: ServedPlan, calls: readonly Waiter[]): Promise<void> {
    const files = calls.flatMap(({ call }) => [...call.files]);
    const rows = joinedRows(calls.map(({ rowValues }) => rowValues));
    const total = calls.reduce((sum, call) => sum + call.rows, 0);
    let given: Map<string, unknown> | undefined;
    try {
      given = await plan.run(rows, heldBlobs(this.blobs, files));
      const isWhole = calls.length === 1 || hasRows(given, calls, total);
      if (!isWhole) given = undefined;
    } catch (error) {
      if (calls.length === 1) return fail(calls[0] as Waiter, error);
    }
    if (!given) {
      for (const call of calls) await this.#alone(plan, call);
      return;
    }
    let start = 0;
    for (const call of calls) {
      succeed(call, given, calls.length === 1 ? undefined : [start, start + call.rows]);
      start += call.rows;
    }
  }

  async #alone(plan: ServedPlan, call: Waiter): Promise<void> {
    try {
      succeed(call, await plan.run(call.rowValues, heldBlobs(this.blobs, call.call.files)));
    } catch (error) {
      fail(call, error);
    }
  }
}

/** Nobody waits for a call any more: it is not computed, unless that has begun. */
function leave(waiter: Waiter): void {
  waiter.isGone = true;
  fail(waiter, new Failure({ message: "Nobody waits for the answer any more." }));
}

/** Whether each row that came in is there in all that is asked for: a damaged picture may have been left out. */
function hasRows(given: ReadonlyMap<string, unknown>, calls: readonly Waiter[], total: number): boolean {
  const [{ call, document }] = calls as [Waiter];
  return call.outputs.every((place) => {
    const { type, value } = outputAt(document, place, given);
    return value === undefined || rowCount(type, value) === total;
  });
}

function succeed(waiter: Waiter, given: ReadonlyMap<string, unknown>, rows?: readonly [number, number]): void {
  const { call, document } = waiter;
  try {
    const told = call.outputs.flatMap((place) => {
      const { type, value } = outputAt(document, place, given);
      if (value === undefined) return [];
      const own = rows ? rangeOf(type as RowType, value as PortValue[RowType], ...rows) : value;
      return [[place, toldValue(type, own)] as const];
    });
    const outputs = JSON.stringify(Object.fromEntries(told));
    waiter.end({ ms: performance.now() - waiter.began, rows: waiter.rows, outputs });
  } catch (error) {
    fail(waiter, error);
  }
}

const fail = ({ end, began, rows }: Waiter, error: unknown): void =>
  end({ ms: performance.now() - began, rows, error: toPublic(error) });

function outputAt(
  document: GraphDocument,
  place: string,
  given: ReadonlyMap<string, unknown>,
): { type: PortType; value: unknown } {
  const dot = place.indexOf(".");
  const { node, port } = madeAt(document, { node: place.slice(0, dot), port: place.slice(dot + 1) });
  const outputs: Record<string, Port> = definitionOf(document, node, registry)?.outputs ?? {};
  return { type: outputs[port]?.type ?? "view", value: given.get(`${node}.${port}`) };
}

/** A value in the API's words: all of it, since nothing of it is kept. */
function toldValue(type: PortType, value: unknown): object {
  if (type === "tensor") return toldTensor(value as Tensor);
  if (type === "text") return { type, rows: (value as string[]).length, values: value };
  if (type === "number") return { type, value: Number.isFinite(value) ? value : null };
  if (type === "series") return { type, value };
  throw new Failure({
    message: `A served graph gives texts, tensors, numbers and charts, and this output is ${type}.`,
    hint: "Ask for another output, or run the graph without serving it.",
  });
}

function toldTensor({ dtype, shape, data }: Tensor): object {
  const values = Array.from(data as ArrayLike<number | bigint>, Number);
  const isFinite = values.every(Number.isFinite);
  const told = isFinite ? values : values.map((each) => (Number.isFinite(each) ? each : String(each)));
  return { type: "tensor", dtype, shape, values: told };
}
