import { join } from "node:path";
import type { ExportRequest, Host, OpenDecoding, TrainRequest, TrainResult } from "#nodes/core/host";
import type { Port } from "#nodes/core/ports";
import type { FileValue, Tensor, Weights } from "#nodes/core/values";
import type { Endpoint, GraphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import type { Types } from "#nodes/graph/infer";
import { coneOf, decodersOf, neededEndpoints, type Step } from "#nodes/graph/plan";
import { drawnAs, endpointKey, type Registry, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import type { HeldSecrets } from "../hub/held-secrets";
import { prepareNodes } from "../prepare";
import type { Blobs } from "../storage/blobs";
import { exportOnnx } from "./export-onnx";
import { openDecoder } from "./generation/open-decoder";
import { createHost, type HostOptions } from "./host/create-host";
import { runNode } from "./packed";
import type { Provider } from "./providers";
import { type Region, runRegion } from "./region";
import type { Results } from "./results";
import { SessionPool } from "./sessions";
import { train } from "./training/train";

const sessions = new SessionPool();

/** Where a step's data lie, and what it may do. */
export interface StepOptions {
  document: GraphDocument;
  blobs: Blobs;
  /** Results by signature, and decoded pixels. Safe to delete at any time. */
  cacheDir: string;
  /** Where a training keeps the checkpoints from which it goes on after a kill. */
  scratch: string;
  signal: AbortSignal;
  /** Folders that data nodes may read from. */
  folders?: readonly string[];
  allowRemote?: boolean;
  secrets?: HeldSecrets;
  /** How many bytes a chunk of rows may have where it is widest; by default `PATCHBAY_CHUNK`. */
  chunkBytes?: number;
  /**
   * Threads that make rows ahead of models and of a training's steps; by default one for each core but one. With 0,
   * rows are made in between.
   */
  dataThreads?: number;
  /** How many bytes of rows that it has drawn a training holds, so that it need not make them again. */
  heldBytes?: number;
  registry?: Registry;
}

/** What a step needs to know of the execution that it is a part of. */
export interface StepContext {
  options: StepOptions;
  graph: ResolvedGraph;
  types: Types;
  results: Results;
  provider: Provider;
  targets: readonly string[];
  /** All nodes that are run, those of this step among them. */
  planned: readonly string[];
  /** What nodes that run read with all rows at once, by "node.port". */
  readWhole: ReadonlySet<string>;
  tell(event: RunEvent): void;
}

/** Does one step of a plan: runs a host node, or a region of tensor nodes. Gives their values by "node.port". */
export function runStep(step: Step, context: StepContext): Promise<Map<string, unknown>> {
  return step.kind === "host"
    ? runHostNode(context.graph.nodes.get(step.node) as ResolvedNode, context)
    : runTensorNodes(step.nodes, context);
}

async function runHostNode(node: ResolvedNode, context: StepContext): Promise<Map<string, unknown>> {
  const inputs: Record<string, unknown> = {};
  for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
    const sources = node.inputs[name] ?? [];
    const values = port.deferred
      ? sources.map((from) => ({ deferred: true, ...from }))
      : await Promise.all(sources.map((from) => context.results.value(from)));
    inputs[name] = port.many ? values : values[0];
  }
  const outputs = await runNode(node, inputs, hostOf(node.id, context));
  return new Map(Object.entries(outputs).map(([port, value]) => [endpointKey({ node: node.id, port }), value]));
}

async function runTensorNodes(nodes: readonly string[], context: StepContext): Promise<Map<string, unknown>> {
  const { graph, results, targets, tell } = context;
  await prepare(nodes, context);
  const readOutside = readOutsideOf(nodes, context);
  const endpoints = nodes.flatMap((node) => results.readPorts(node).map((port) => ({ node, port })));
  const isWanted = (endpoint: Endpoint) =>
    readOutside.has(endpointKey(endpoint)) ||
    targets.includes(endpoint.node) ||
    graph.nodes.get(endpoint.node)?.definition.expensive === true;
  return runRegion({
    ...regionOf(nodes, context),
    wanted: endpoints.filter(isWanted),
    welcome: endpoints.filter((endpoint) => !isWanted(endpoint)),
    valueOf: (from) => results.value(from) as Promise<Tensor>,
    progress: (done, of) => {
      for (const node of nodes) tell({ kind: "node-progress", node, done, of });
    },
  });
}

/** A region of this execution, without what it gives. */
export function regionOf(nodes: readonly string[], context: StepContext): Omit<Region, "wanted" | "welcome"> {
  const { graph, results, options, provider, tell } = context;
  const { blobs, signal } = options;
  const weightsOf = (from: Endpoint) => results.value(from) as Promise<Weights>;
  const warn = (node = nodes[0], message: string) => tell({ kind: "warning", node, message });
  return { graph, nodes, weightsOf, blobs, sessions, provider, signal, warn };
}

/** What other nodes that run read, and the decoders that write on for them. */
export function readOutsideOf(nodes: readonly string[], { graph, planned }: StepContext): Set<string> {
  const others = planned.filter((id) => !nodes.includes(id));
  const read = others.flatMap((id) => {
    const node = graph.nodes.get(id);
    return node ? [...Object.values(node.inputs).flat(), ...neededEndpoints(graph, node)] : [];
  });
  return new Set(read.map(endpointKey));
}

/** The machine, as a node of this execution sees it. */
export function hostOf(
  node: string,
  context: StepContext,
  options: Pick<Partial<HostOptions>, "seed" | "onProgress" | "onWarn"> = {},
): Host {
  return createHost({
    ...hostOptionsOf(node, context.options, context.tell),
    nodeId: drawnAs(context.graph, node),
    ...options,
    provider: context.provider,
    train: (request) => runTraining(node, request, context),
    exportOnnx: (request) => runExport(node, request, context),
    openDecoder: (scores) => openScores(scores, context),
  });
}

/** The machine, for a node that neither trains nor exports. */
export function hostOptionsOf(node: string, options: StepOptions, tell: StepContext["tell"]): HostOptions {
  const { blobs, cacheDir, signal, folders, allowRemote, secrets } = options;
  return {
    blobs,
    cacheDir,
    signal,
    folders,
    allowRemote,
    secrets,
    nodeId: node,
    seed: 0,
    onProgress: (done, of, note, previews) => tell({ kind: "node-progress", node, done, of, note, previews }),
    onWarn: (message) => tell({ kind: "warning", node, message }),
  };
}

async function runTraining(node: string, request: TrainRequest, context: StepContext): Promise<TrainResult> {
  const { options, graph, types, results, provider, tell } = context;
  const { inputs, definition } = graph.nodes.get(node) as ResolvedNode;
  const deferred = Object.entries(inputs).flatMap(([name, from]) => (definition.inputs[name]?.deferred ? from : []));
  await prepare(coneOf(graph, deferred).tensors, context);
  const firstWarnings = withFirstWarnings(tell);
  return train({
    request,
    node,
    graph,
    types,
    document: options.registry ? undefined : options.document,
    folders: options.folders ?? [],
    dataThreads: options.dataThreads,
    heldBytes: options.heldBytes,
    blobs: options.blobs,
    cacheDir: options.cacheDir,
    signal: options.signal,
    provider,
    sessions,
    scratch: join(options.scratch, results.signatureOf(node)),
    valueOf: (from) => results.value(from),
    storedOf: (from) => results.storedOf(from),
    signatureOf: (id) => results.signatureOf(id),
    hostFor: (id, seed) =>
      createHost({
        ...hostOptionsOf(id, options, firstWarnings),
        nodeId: drawnAs(graph, id),
        seed,
        provider,
        onProgress: () => {},
      }),
    onEvent: tell,
  });
}

/** What runs anew in each step would warn anew in each step: only the first warning of a node is told. */
function withFirstWarnings(tell: StepContext["tell"]): StepContext["tell"] {
  const warned = new Set<string | undefined>();
  return (event) => {
    if (event.kind === "warning" && warned.has(event.node)) return;
    if (event.kind === "warning") warned.add(event.node);
    tell(event);
  };
}

async function openScores(scores: Endpoint, context: StepContext): Promise<OpenDecoding> {
  const { graph, results, options, provider } = context;
  await prepare(decodersOf(graph, [scores]).tensors, context);
  const { decoder, prompts, close } = await openDecoder({
    graph,
    scores,
    weightsOf: (from) => results.value(from) as Promise<Weights>,
    valueOf: (from) => results.value(from) as Promise<Tensor>,
    blobs: options.blobs,
    sessions,
    provider,
    signal: options.signal,
  });
  return { decoding: decoder, prompts, close };
}

async function runExport(node: string, request: ExportRequest, context: StepContext): Promise<FileValue> {
  const { options, graph, types, results, tell } = context;
  await prepare(coneOf(graph, request.tensors).tensors, context);
  return exportOnnx({
    request,
    node,
    graph,
    types,
    blobs: options.blobs,
    weightsOf: (from) => results.value(from) as Promise<Weights>,
    warn: (message) => tell({ kind: "warning", node, message }),
  });
}

export function prepare(nodes: readonly string[], context: StepContext): Promise<void> {
  return prepareNodes(context.graph, nodes, (id) => hostOf(id, context));
}
