/** What the parts of a training pass to each other. */
import type { Host, Stage, TrainRequest } from "#nodes/core/host";
import type { IndexBound } from "#models/onnx/index-bounds";
import type { Turns } from "#models/train/turns";
import type { PortType, Tensor } from "#nodes/core/values";
import type { Endpoint, GraphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import type { Types } from "#nodes/graph/infer";
import type { Cone } from "#nodes/graph/plan";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import type { Blobs } from "../../storage/blobs";
import type { Checkpoints } from "../checkpoints";
import type { Seed } from "../data-threads/task";
import type { Provider } from "../providers";
import type { SessionPool } from "../sessions";
import type { Batches } from "./batches";
import type { Curve } from "./curve";
import type { DrawnRows } from "./drawn-rows";
import type { Memory } from "./memory";
import type { PeakMemory } from "./peak-memory";
import type { BuiltStage, StageSpec, TensorType } from "./stage";

export interface Training {
  request: TrainRequest;
  /** The trainer. */
  node: string;
  graph: ResolvedGraph;
  /** What is known of its wires before anything runs. */
  types: Types;
  /** The graph as a thread can read it; absent where its node types are not the product's own. */
  document?: GraphDocument;
  folders: readonly string[];
  /** Threads that make batches ahead. */
  dataThreads?: number;
  /** How many bytes of drawn rows are held; by default 256 MiB, or an eighth of what runs may hold. */
  heldBytes?: number;
  blobs: Blobs;
  cacheDir: string;
  signal: AbortSignal;
  provider: Provider;
  sessions: SessionPool;
  /** Folder of this training's checkpoints; named by what is trained, so that only the same training finds it. */
  scratch: string;
  valueOf(from: Endpoint): Promise<unknown>;
  /** What a node gave before, as it is stored. */
  storedOf(from: Endpoint): { type: PortType; stored: unknown };
  /** Equal for nodes that give the same. */
  signatureOf(node: string): string;
  hostFor(node: string, seed: Seed): Host;
  onEvent(event: RunEvent): void;
}

/** What all stages of a training share. */
export interface TrainingState {
  training: Training;
  /** Steps of all stages together. */
  steps: number;
  curve: Curve;
  checkpoints: Checkpoints;
  memory: Memory;
  waiting: WaitingTime;
  peak: PeakMemory;
  afterFirstStep?(): void;
  /** What lies before the losses and the metrics. */
  source: DrawnRows;
  /** Which rows may not, or must, meet in a batch: a number for each row, equal where names are. */
  distinct: Uint32Array | undefined;
  bucket: Uint32Array | undefined;
  /** The name of the source of each row. */
  origins: readonly string[] | undefined;
}

/** A stage before it runs, with its steps counted. */
export interface PreparedStage {
  stage: Stage;
  /** What its steps are taken on, and which one in which step. */
  branches: PreparedBranch[];
  turns: Turns;
}

/** One of the branches that the steps of a stage are taken on, built for the shapes of its first batch. */
export interface PreparedBranch {
  spec: StageSpec;
  cone: Cone;
  batches: Batches;
  /** The types of its first batch, for which it is built. */
  types: ReadonlyMap<string, TensorType>;
  built: BuiltStage;
  /** What the labels and ids may be that are not in memory before; all others were looked at then. */
  drawnBounds: readonly IndexBound[];
}

/** A batch, as the step reads it. */
export interface DrawnBatch {
  rows: Uint32Array;
  feeds: ReadonlyMap<string, Tensor>;
}

/** How much of the time of steps was spent waiting for data. */
export class WaitingTime {
  #waited = 0;
  #total = 0;

  add(waited: number, total: number): void {
    this.#waited += waited;
    this.#total += total;
  }

  get share(): number {
    return this.#total ? this.#waited / this.#total : 0;
  }
}
