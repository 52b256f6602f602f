import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ExportRequest, Host, TrainRequest, TrainResult } from "#nodes/core/host";
import type { Port } from "#nodes/core/ports";
import type { Preview } from "#nodes/core/preview";
import type { PortType, Tensor, Weights } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import type { Endpoint, GraphDocument } from "#nodes/graph/document";
import type { PublicError, RunEvent } from "#nodes/graph/events";
import type { Types } from "#nodes/graph/infer";
import { coneOf, plan, signatures, sinks } from "#nodes/graph/plan";
import type { Problem } from "#nodes/graph/problem";
import { endpointKey, type Registry, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { registry as everyNode } from "#nodes/registry.gen";
import { type Blobs, sha256 } from "../storage/blobs";
import { type Cache, type CacheEntry, openCache } from "./cache";
import { Cancelled, Failure, toPublic } from "../errors";
import { exportOnnx } from "./export-onnx";
import { createHost } from "./host/create-host";
import { hold } from "./hold";
import { prepareNodes } from "../prepare";
import { previewOf } from "./previews";
import { runRegion } from "./region";
import { chooseProvider, type Provider, type ProviderChoice, SessionPool } from "./sessions";
import { train } from "./training/train";
import { loadValue, storeValue } from "./values";

export interface ExecuteOptions {
  document: GraphDocument;
  /** Nodes whose results are asked for; by default those that feed nothing. */
  targets?: readonly string[];
  blobs: Blobs;
  /** Results by signature, and decoded pixels. Safe to delete at any time. */
  cacheDir: string;
  /** Where a training keeps the checkpoints from which it goes on after a kill. */
  scratch: string;
  signal: AbortSignal;
  provider?: ProviderChoice;
  /** Folders that data nodes may read from. */
  folders?: readonly string[];
  allowRemote?: boolean;
  /** Threads that make batches ahead of a training's steps; by default one for each core but one. 0 makes them between steps. */
  dataThreads?: number;
  onEvent?(event: RunEvent): void;
  /** The unexplained cause of a failure, for the log. */
  onCause?(error: unknown): void;
  registry?: Registry;
}

export interface ExecuteResult {
  status: "done" | "failed" | "cancelled";
  /** What each node that was run or read gave, by port, as the blob store keeps it. */
  outputs: Record<string, Record<string, { type: PortType; value: unknown }>>;
  ran: string[];
  cached: string[];
  /** Milliseconds by node; the nodes of one region share its time. */
  timings: Record<string, number>;
  provider?: Provider;
  problems: Problem[];
  error?: PublicError;
}

const sessions = new SessionPool();

/**
 * Runs a graph: what must run for the targets, in order, with everything else from the cache.
 * Never throws; what went wrong is in the result and in the events.
 */
export async function execute(options: ExecuteOptions): Promise<ExecuteResult> {
  return new Execution(options).run();
}

class Execution {
  readonly #graph: ResolvedGraph;
  readonly #types: Types;
  readonly #result: ExecuteResult = { status: "done", outputs: {}, ran: [], cached: [], timings: {}, problems: [] };
  readonly #emit: (event: RunEvent) => void;
  readonly #entries = new Map<string, CacheEntry>();
  /** Values in memory by endpoint, loaded when first read. */
  readonly #values = new Map<string, Promise<unknown>>();
  #signatures = new Map<string, string>();
  #provider: Provider = "cpu";

  constructor(readonly options: ExecuteOptions) {
    const { graph, types, problems } = check(options.document, options.registry ?? everyNode);
    this.#graph = graph;
    this.#types = types;
    this.#result.problems = problems;
    this.#emit = options.onEvent ?? (() => {});
  }

  async run(): Promise<ExecuteResult> {
    const result = this.#result;
    try {
      const targets = this.options.targets ?? sinks(this.#graph);
      this.#refuse(targets);
      this.#provider = result.provider = await chooseProvider(this.options.provider ?? "auto");
      await this.#run(targets);
    } catch (error) {
      if (error instanceof Cancelled || this.options.signal.aborted) result.status = "cancelled";
      else {
        result.status = "failed";
        result.error ??= toPublic(error);
        this.options.onCause?.(error);
      }
    }
    return result;
  }

  /** An error in what the targets need stops the run before it starts. */
  #refuse(targets: readonly string[]): void {
    const { nodes } = this.options.document;
    const unknown = targets.find((id) => !Object.hasOwn(nodes, id));
    if (unknown)
      throw new Failure({
        message: `The run asks for the node "${unknown}", which is not in the graph.`,
        hint: `Its nodes are ${Object.keys(nodes).join(", ")}.`,
      });
    const needed = this.#upstream(targets);
    const error = this.#result.problems.find(
      (p) => p.severity === "error" && (p.node === undefined || needed.has(p.node) || !targets.length),
    );
    if (error)
      throw new Failure({
        message: error.message,
        hint: error.hint,
        node: error.node,
        port: error.port,
        param: error.param,
      });
    if (!targets.length)
      throw new Failure({
        message: "The graph has no nodes, so there is nothing to run.",
        hint: "Add a node, or start from a template.",
      });
  }

  /** The nodes, and all that feeds them. */
  #upstream(targets: readonly string[]): Set<string> {
    const found = new Set(targets);
    for (const id of found)
      for (const wire of this.options.document.wires) if (wire.to.node === id) found.add(wire.from.node);
    return found;
  }

  async #run(targets: readonly string[]): Promise<void> {
    const { cacheDir, signal } = this.options;
    const graph = this.#graph;
    const result = this.#result;
    const cache = openCache(cacheDir);
    this.#signatures = signatures(graph, sha256, await this.#fingerprints());
    await Promise.all(
      [...graph.nodes.values()].map(async ({ id, definition }) => {
        const entry = definition.effect ? undefined : await cache.get(this.#signatures.get(id) as string);
        if (entry && (await this.#isWhole(entry, this.#outside(id)))) this.#entries.set(id, entry);
      }),
    );
    const { steps, run, cached } = plan(graph, targets, (id) => this.#entries.has(id));
    result.cached = cached;
    this.#emit({ kind: "plan", run, cached });
    for (const id of cached) this.#report(id);
    // Whatever lies before and needs not run has its result too, and is shown.
    for (const id of this.#upstream(targets)) {
      const entry = run.includes(id) ? undefined : this.#entries.get(id);
      if (entry) this.#emit({ kind: "node-done", node: id, cached: true, ms: 0, previews: entry.previews });
    }
    const waiting = new Set(run);
    for (const step of steps) {
      if (signal.aborted) throw new Cancelled();
      const nodes = step.kind === "host" ? [step.node] : step.nodes;
      const start = performance.now();
      for (const node of nodes) {
        this.#emit({ kind: "node-start", node });
        waiting.delete(node);
      }
      let release: (() => Promise<void>) | undefined;
      try {
        if (
          step.kind === "host" &&
          Object.values<Port>(graph.nodes.get(step.node)?.definition.inputs ?? {}).some((port) => port.deferred)
        ) {
          const { release: letGo, entry } = await this.#holdTraining(step.node, cache);
          release = letGo;
          if (entry) {
            this.#entries.set(step.node, entry);
            result.cached.push(step.node);
            this.#report(step.node);
            this.#emit({ kind: "node-done", node: step.node, cached: true, ms: 0, previews: entry.previews });
            continue;
          }
        }
        const values =
          step.kind === "host"
            ? await this.#runHost(graph.nodes.get(step.node) as ResolvedNode)
            : await this.#runRegion(nodes, run, targets);
        const ms = performance.now() - start;
        for (const id of nodes) {
          const entry = await this.#keep(graph.nodes.get(id) as ResolvedNode, values);
          const signature = this.#signatures.get(id) as string;
          if (!graph.nodes.get(id)?.definition.effect) await cache.set(signature, entry);
          await rm(join(this.options.scratch, signature), { recursive: true, force: true }); // a training's checkpoints: its result is kept now
          result.ran.push(id);
          result.timings[id] = Math.round(ms);
          this.#report(id);
          this.#emit({ kind: "node-done", node: id, cached: false, ms: Math.round(ms), previews: entry.previews });
        }
      } catch (error) {
        if (error instanceof Cancelled || signal.aborted) throw new Cancelled();
        const node = nodes.length === 1 ? nodes[0] : undefined;
        result.error = toPublic(error, {
          node,
          title: nodes.map((id) => graph.nodes.get(id)?.definition.title).join(" + "),
        });
        const failed = result.error.node ?? (nodes.at(-1) as string);
        this.#emit({ kind: "node-failed", node: failed, error: result.error });
        for (const id of [...nodes, ...waiting])
          if (id !== failed && !result.ran.includes(id)) this.#emit({ kind: "node-skipped", node: id });
        throw error;
      } finally {
        await release?.();
      }
    }
  }

  /** Two runs of one training would write over each other's checkpoints: the second waits, and takes the first one's result. */
  async #holdTraining(node: string, cache: Cache): Promise<{ release: () => Promise<void>; entry?: CacheEntry }> {
    const signature = this.#signatures.get(node) as string;
    let waited = false;
    const release = await hold(join(this.options.scratch, `${signature}.lock`), this.options.signal, () => {
      waited = true;
      this.#emit({ kind: "warning", node, message: "Another run trains the same; this one waits for its result." });
    });
    const entry = waited ? await cache.get(signature) : undefined;
    return { release, entry: entry && (await this.#isWhole(entry, this.#outside(node))) ? entry : undefined };
  }

  /** What the results of nodes depend on besides inputs and params. */
  async #fingerprints(): Promise<Map<string, string>> {
    const result = new Map<string, string>();
    for (const { id, definition, params } of this.#graph.nodes.values()) {
      if (!definition.fingerprint) continue;
      try {
        result.set(id, await definition.fingerprint({ host: this.#host(id), params }));
      } catch {
        result.set(id, randomUUID()); // running the node will say what is wrong
      }
    }
    return result;
  }

  /** Ports that something reads, or all of them when nothing does. */
  #outside(id: string): string[] {
    const ports = Object.keys(this.#graph.nodes.get(id)?.definition.outputs ?? {});
    const wired = ports.filter((port) => this.#graph.wired.has(endpointKey({ node: id, port })));
    return wired.length ? wired : ports;
  }

  async #isWhole(entry: CacheEntry, ports: readonly string[]): Promise<boolean> {
    if (!ports.every((port) => port in entry.outputs)) return false;
    const refs = new Set<string>();
    JSON.stringify(entry, (name, value) => {
      if (name === "ref" && typeof value === "string") refs.add(value);
      return value;
    });
    return (await Promise.all([...refs].map((ref) => this.options.blobs.has(ref)))).every(Boolean);
  }

  #host(node: string): Host {
    const { blobs, cacheDir, signal, folders, allowRemote } = this.options;
    return createHost({
      blobs,
      cacheDir,
      signal,
      folders,
      allowRemote,
      nodeId: node,
      seed: 0,
      onProgress: (done, of, note) => this.#emit({ kind: "node-progress", node, done, of, note }),
      onWarn: (message) => this.#emit({ kind: "warning", node, message }),
      train: (request) => this.#train(node, request),
      exportOnnx: (request) => this.#exportOnnx(node, request),
    });
  }

  async #train(node: string, request: TrainRequest): Promise<TrainResult> {
    const { inputs, definition } = this.#graph.nodes.get(node) as ResolvedNode;
    const deferred = Object.entries(inputs).flatMap(([name, from]) => (definition.inputs[name]?.deferred ? from : []));
    await this.#prepare(coneOf(this.#graph, deferred).tensors);
    return train({
      request,
      node,
      graph: this.#graph,
      document: this.options.registry ? undefined : this.options.document,
      folders: this.options.folders ?? [],
      dataThreads: this.options.dataThreads,
      blobs: this.options.blobs,
      cacheDir: this.options.cacheDir,
      signal: this.options.signal,
      provider: this.#provider,
      sessions,
      scratch: join(this.options.scratch, this.#signatures.get(node) as string),
      valueOf: (from) => this.#value(from),
      hostFor: (id, keys) =>
        createHost({
          blobs: this.options.blobs,
          cacheDir: this.options.cacheDir,
          signal: this.options.signal,
          folders: this.options.folders,
          nodeId: id,
          seed: keys,
          onProgress: () => {},
          onWarn: (message) => this.#emit({ kind: "warning", node: id, message }),
        }),
      onEvent: this.#emit,
    });
  }

  async #exportOnnx(node: string, request: ExportRequest): Promise<Uint8Array> {
    await this.#prepare(coneOf(this.#graph, request.tensors).tensors);
    return exportOnnx({
      request,
      node,
      graph: this.#graph,
      types: this.#types,
      blobs: this.options.blobs,
      weightsOf: (from) => this.#value(from) as Promise<Weights>,
      warn: (message) => this.#emit({ kind: "warning", node, message }),
    });
  }

  async #runHost(node: ResolvedNode): Promise<Map<string, unknown>> {
    const inputs: Record<string, unknown> = {};
    for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
      const sources = node.inputs[name] ?? [];
      const values = port.deferred
        ? sources.map((from) => ({ deferred: true, ...from }))
        : await Promise.all(sources.map((from) => this.#value(from)));
      inputs[name] = port.many ? values : values[0];
    }
    const outputs = (await node.definition.run?.({ host: this.#host(node.id), inputs, params: node.params })) as Record<
      string,
      unknown
    >;
    return new Map(Object.entries(outputs).map(([port, value]) => [endpointKey({ node: node.id, port }), value]));
  }

  #prepare(nodes: readonly string[]): Promise<void> {
    return prepareNodes(this.#graph, nodes, (id) => this.#host(id));
  }

  async #runRegion(
    nodes: readonly string[],
    run: readonly string[],
    targets: readonly string[],
  ): Promise<Map<string, unknown>> {
    await this.#prepare(nodes);
    const graph = this.#graph;
    const readOutside = new Set<string>();
    for (const id of run) {
      if (nodes.includes(id)) continue;
      for (const sources of Object.values(graph.nodes.get(id)?.inputs ?? {}))
        for (const from of sources) readOutside.add(endpointKey(from));
    }
    const all = nodes.flatMap((node) => this.#outside(node).map((port) => ({ node, port })));
    const isWanted = (e: Endpoint) =>
      readOutside.has(endpointKey(e)) ||
      targets.includes(e.node) ||
      graph.nodes.get(e.node)?.definition.expensive === true;
    return runRegion({
      graph,
      nodes,
      wanted: all.filter(isWanted),
      welcome: all.filter((e) => !isWanted(e)),
      valueOf: (from) => this.#value(from) as Promise<Tensor>,
      weightsOf: (from) => this.#value(from) as Promise<Weights>,
      blobs: this.options.blobs,
      sessions,
      provider: this.#provider,
      signal: this.options.signal,
      progress: (done, of) => {
        for (const node of nodes) this.#emit({ kind: "node-progress", node, done, of });
      },
    });
  }

  /** Stores what a node gave and draws its previews. */
  async #keep({ id, definition }: ResolvedNode, values: Map<string, unknown>): Promise<CacheEntry> {
    const entry: CacheEntry = { type: definition.type, outputs: {}, previews: {} };
    const host = this.#host(id);
    for (const [port, { type }] of Object.entries<Port>(definition.outputs)) {
      const endpoint = endpointKey({ node: id, port });
      const value = values.get(endpoint);
      if (value === undefined) continue;
      this.#values.set(endpoint, Promise.resolve(value));
      [entry.outputs[port], entry.previews[port]] = await Promise.all([
        storeValue(type, value, this.options.blobs),
        previewOf(type, value, host) as Promise<Preview>,
      ]);
    }
    this.#entries.set(id, entry);
    return entry;
  }

  #report(id: string): void {
    const outputs = this.#graph.nodes.get(id)?.definition.outputs ?? {};
    this.#result.outputs[id] = Object.fromEntries(
      Object.entries(this.#entries.get(id)?.outputs ?? {}).map(([port, value]) => [
        port,
        { type: (outputs[port] as Port).type, value },
      ]),
    );
  }

  #value(from: Endpoint): Promise<unknown> {
    const known = this.#values.get(endpointKey(from));
    if (known) return known;
    const type = this.#graph.nodes.get(from.node)?.definition.outputs[from.port]?.type as PortType;
    const entry = this.#entries.get(from.node);
    if (!entry || !(from.port in entry.outputs)) {
      throw new Failure({
        node: from.node,
        port: from.port,
        message: `${endpointKey(from)} gave no value, though something reads it.`,
        hint: "Check the node's settings; an optional output may be switched off.",
      });
    }
    const loaded = loadValue(type, entry.outputs[from.port], this.options.blobs);
    this.#values.set(endpointKey(from), loaded);
    return loaded;
  }
}
