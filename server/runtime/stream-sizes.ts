/**
 * What all rows of a stream have in common, such as the length of their longest text: nodes that pad to it are run on
 * all rows once, chunk by chunk, before the first chunk goes on. Nothing is held of that but the sizes.
 */
import type { Host } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { endpointKey } from "#nodes/graph/resolve";
import type { Stream } from "#nodes/graph/streams";
import { Cancelled } from "../errors";
import { chunkRowsOf, sizeName } from "./chunk-rows";
import { doTask, type Given, withCommon } from "./data-threads/task";
import { stepErrorOf } from "./step-error";
import { hostOf } from "./steps";
import { type CommonSizes, inputsOf, nodeOf, type OpenStream, seedOf } from "./stream-rows";

/**
 * The stream with the sizes that its nodes need, and with chunks that fit by them. Where there is one chunk, all rows
 * meet in it, and nothing is run.
 */
export async function withCommonSizes(open: OpenStream, { steps }: Stream): Promise<OpenStream> {
  const { rows, chunkRows, context } = open;
  if (rows <= chunkRows) return open;
  const sizes: Record<string, number> = {};
  const common = new Map<string, readonly number[]>();
  for (const id of open.steps.keys()) {
    if (!nodeOf(open, id).definition.perBatch) continue;
    const measured = await new Measurement(open, id, common).run();
    common.set(id, measured.needed);
    Object.assign(sizes, measured.sizes);
  }
  if (!common.size) return open;
  // What is drawn at random differs from chunk to chunk: the sizes are those of these chunks.
  const isDrawn = [...open.steps.keys()].some((id) => nodeOf(open, id).definition.random);
  const { graph, types, options } = context;
  // What is made of such rows is about as long: it has as many tokens as a text, a map of patches as a picture is wide.
  const otherElements = Math.max(1, ...Object.values(sizes));
  const estimate = { chunkBytes: options.chunkBytes, sizes, otherElements };
  const fitting = chunkRowsOf({ kind: "stream", steps }, graph, types, rows, estimate);
  return { ...open, sizes, common, chunkRows: isDrawn ? chunkRows : fitting };
}

/** One node on all rows, for what it asks to have in common. */
class Measurement {
  #needed: readonly number[] = [];
  readonly #sizes: Record<string, number> = {};
  /** What must be run, each behind those that it reads. */
  readonly #nodes: readonly string[];

  constructor(
    readonly stream: OpenStream,
    readonly node: string,
    /** What earlier ones have asked for. */
    readonly common: CommonSizes,
  ) {
    const upstream = new Set([node]);
    for (const id of [...stream.steps.keys()].toReversed()) {
      if (upstream.has(id)) for (const from of inputsOf(stream, id)) upstream.add(from.node);
    }
    this.#nodes = [...stream.steps.keys()].filter((id) => upstream.has(id));
  }

  async run(): Promise<{ needed: readonly number[]; sizes: Record<string, number> }> {
    const { stream } = this;
    const { rows, chunkRows, context } = stream;
    const whole = await this.#wholeInputs();
    for (let start = 0; start < rows; start += chunkRows) {
      if (context.options.signal.aborted) throw new Cancelled();
      const end = Math.min(rows, start + chunkRows);
      await this.#chunk(start, end, whole);
      const note = "looking for the longest row";
      context.tell({ kind: "node-progress", node: this.node, done: end, of: rows, note });
    }
    return { needed: this.#needed, sizes: this.#sizes };
  }

  async #chunk(start: number, end: number, whole: ReadonlyMap<string, unknown>): Promise<void> {
    const { context } = this.stream;
    const ports = Object.keys(nodeOf(this.stream, this.node).definition.outputs);
    const reads = ports.map((port) => endpointKey({ node: this.node, port }));
    const given = await this.#givenRows(start, end);
    const task = { nodes: this.#nodes, given, reads, seed: seedOf(start) };
    const hostFor = (id: string) => this.#hostFor(id, start);
    try {
      const { values } = await doTask(task, context.graph, whole, context.options.blobs, hostFor);
      for (const port of ports) this.#measure(port, values.get(endpointKey({ node: this.node, port })));
    } catch (error) {
      throw stepErrorOf(error);
    }
  }

  /** Nothing is told of it: it is told when the rows go on. */
  #hostFor(id: string, start: number): Host {
    const quiet = { seed: seedOf(start), onProgress: () => {}, onWarn: () => {} };
    const host = withCommon(hostOf(id, this.stream.context, quiet), this.common.get(id));
    if (id !== this.node) return host;
    return {
      ...host,
      commonSizes: (needed) => {
        this.#needed = needed.map((size, i) => Math.max(size, this.#needed[i] ?? 0));
        return needed;
      },
    };
  }

  /** What the symbols in the shape of an output were at most. */
  #measure(port: string, value: unknown): void {
    const { shape: symbols = [] } = this.stream.context.types[this.node]?.out[port] ?? {};
    const { shape = [] } = (value ?? {}) as Partial<Tensor>;
    for (const [axis, symbol] of symbols.entries()) {
      if (axis === 0 || typeof symbol !== "string") continue;
      const name = sizeName({ node: this.node, port }, axis, symbol);
      this.#sizes[name] = Math.max(shape[axis] ?? 0, this.#sizes[name] ?? 0);
    }
  }

  async #givenRows(start: number, end: number): Promise<(readonly [string, Given])[]> {
    const { steps, context } = this.stream;
    const given = new Map<string, Given>();
    for (const id of this.#nodes) {
      for (const from of inputsOf(this.stream, id)) {
        const name = endpointKey(from);
        if (steps.has(from.node) || !steps.get(id)?.rows.has(name)) continue;
        given.set(name, { value: await context.results.rows(from, start, end) });
      }
    }
    return [...given];
  }

  async #wholeInputs(): Promise<Map<string, unknown>> {
    const { steps, context } = this.stream;
    const whole = new Map<string, unknown>();
    for (const id of this.#nodes) {
      for (const from of inputsOf(this.stream, id)) {
        const name = endpointKey(from);
        if (!steps.get(id)?.rows.has(name)) whole.set(name, await context.results.value(from));
      }
    }
    return whole;
  }
}
