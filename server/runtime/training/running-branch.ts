import type { Parameter } from "#models/onnx/graph";
import { type ItemReads, itemReads } from "#models/onnx/rows";
import { batchSymbol, itemSymbols, type Program } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { checkIndices } from "../index-check";
import { filledUp, refuseOtherCounts } from "../packed";
import { Feeder } from "./feeder";
import { type FrozenRows, frozenRows } from "./frozen-rows";
import { bytesOfRows } from "./held-rows";
import type { StageNames } from "./memory";
import { explainNonFinite } from "./non-finite";
import { countRoom } from "./room";
import { buildStage, compileStage, type TensorType, typesOf } from "./stage";
import type { DrawnBatch, PreparedBranch, TrainingState } from "./state";
import { type BatchFeeds, NonFinite, type Stepper } from "./stepper";

/** A branch of the graph while steps are taken on it: its batches, and the step that is compiled for them. */
export class RunningBranch {
  readonly #feeder: Feeder;
  /** How the step reads the items of packed rows. */
  readonly #reads: ItemReads;

  constructor(
    readonly state: TrainingState,
    readonly branch: PreparedBranch,
    readonly frozen: FrozenRows | undefined,
    /** How many batches are drawn in all. */
    drawings: number,
  ) {
    this.#feeder = new Feeder(branch.batches, state.source, new Set(branch.built.reads), drawings);
    const { graph } = branch.built;
    this.#reads = itemReads(graph, batchSymbol, itemSymbols(graph));
  }

  /**
   * The step for batches like this, and the bytes that it is counted to hold; `held` by all branches together are the
   * bytes of what frozen parts gave, and parameters.
   */
  compile(
    batch: BatchFeeds,
    held: { frozenBytes: number; parameters: readonly Parameter[] },
  ): { program: Program; counted: number } {
    const { spec, cone, batches, types } = this.branch;
    // What was cut off of the step is not in its batches: its types are those of the first one.
    const built = buildStage(spec, cone, batches, new Map([...types, ...typesOf(batch)]));
    const program = compileStage(spec, built, batch);
    const batchBytes = [...batch.values()].map((type) => bytesOfRows(type, type.shape[0] ?? 1));
    const counted = countRoom(spec.graph, spec.node, {
      program,
      parameters: held.parameters,
      rowBytes: this.state.source.heldBytes + held.frozenBytes,
      batchBytes: batchBytes.reduce((sum, bytes) => sum + bytes, 0),
      batches: 1 + this.#feeder.ahead,
    });
    return { program, counted };
  }

  /** The 1-based batch. */
  async draw(index: number): Promise<DrawnBatch> {
    const { drawnBounds, built, spec } = this.branch;
    const { rows, values } = await this.#feeder.batch(index);
    checkIndices(drawnBounds, (input) => values.get(input) as Tensor, spec.graph, rows);
    const feeds = new Map(built.reads.map((name) => [name, values.get(name) as Tensor]));
    for (const [name, tensor] of this.frozen?.read(rows) ?? []) feeds.set(name, tensor);
    this.#checkCounts(feeds);
    if (this.#reads.byPlaceAlone) for (const [name, tensor] of feeds) feeds.set(name, filledUp(tensor));
    return { rows, feeds };
  }

  #checkCounts(feeds: BatchFeeds): void {
    for (const { items, counts } of this.#reads.picked) {
      const packed = this.branch.built.graph.inputs.find(({ shape: [size] }) => size === items);
      refuseOtherCounts(feeds.get(packed?.name ?? "")?.counts, feeds.get(counts), counts);
    }
  }

  /** A loss that is no number any more: says where that began. */
  explain(error: unknown, step: number, drawn: readonly DrawnBatch[], stepper: Stepper): Promise<never> {
    if (!(error instanceof NonFinite)) throw error;
    return explainNonFinite(error, { ...this.branch, step, drawn, stepper });
  }
}

/** The bytes of a row, in the mean of those that came. */
function rowBytesOf(type: TensorType | undefined): number {
  const [items = 0] = type?.shape ?? [];
  return type ? bytesOfRows(type, items) / Math.max(1, type.counts?.length ?? items) : 0;
}

/** Computes what the part that runs once gives for each row, and tells which nodes that part is. */
export async function runFrozenPart(
  { training, memory, source }: TrainingState,
  { spec, batches, types, built, drawnBounds }: PreparedBranch,
  names: StageNames,
): Promise<FrozenRows | undefined> {
  const { halves } = built;
  if (!halves) return undefined;
  const { node, blobs, cacheDir, provider, signal, onEvent } = training;
  const feeds = new Map(built.lowered.feeds.map(({ name, from }) => [name, from]));
  const endpointOf = (input: string) => feeds.get(input) as Endpoint;
  const frozen = await frozenRows({
    halves,
    rows: batches.rows,
    rowBytes: halves.first.inputs.reduce((sum, { name }) => sum + rowBytesOf(types.get(name)), 0),
    blobs,
    cacheDir,
    provider,
    signal,
    draw: async (wanted) => {
      const values = (await source.draw(
        wanted,
        halves.first.inputs.map(({ name }) => endpointOf(name)),
      )) as Map<string, Tensor>;
      checkIndices(drawnBounds, (input) => values.get(input), spec.graph, wanted);
      return values;
    },
    signatureOf: (input) => `${training.signatureOf(endpointOf(input).node)}.${endpointOf(input).port}`,
    valueOf: (name) => memory.numbersOf(names.idOf(name) ?? "") as Float32Array<ArrayBuffer>,
    progress: (done, of) =>
      onEvent({ kind: "node-progress", node, done, of, note: "rows through the frozen part, once" }),
  });
  const behind = new Set(halves.second.nodes.map(({ scope }) => scope));
  const hoisted = [...new Set(halves.first.nodes.map(({ scope }) => scope))].filter(
    (id): id is string => id !== undefined && spec.graph.nodes.has(id) && !behind.has(id),
  );
  onEvent({ kind: "hoisted", node, nodes: hoisted, rows: batches.rows, bytes: frozen.bytes });
  return frozen;
}
