/** From one training to the next: its checkpoints are kept when it ends, and another one goes on from one of them. */
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import type { TrainResult } from "#nodes/core/host";
import { Cancelled, Failure } from "../../errors";
import { type Checkpoint, readCheckpoint } from "../checkpoints";
import type { TrainingState } from "./state";
import { tellMetrics } from "./told";

/** A training was stopped: what it gives is that of its last checkpoint. */
export class Stopped extends Cancelled {
  constructor(readonly given: TrainResult) {
    super();
  }
}

/** Keeps the checkpoints of a training that has ended, however it did, and tells of them. */
export async function keepCheckpoints({ training, checkpoints, curve }: TrainingState): Promise<void> {
  const { blobs, node, onEvent } = training;
  for (const { step, best, paths } of await checkpoints.list()) {
    const files: { ref: string; path: string }[] = [];
    for (const path of paths) {
      const { ref } = await blobs.putStream(createReadStream(path), Number.POSITIVE_INFINITY, { durable: false });
      files.push({ ref, path: basename(path) });
    }
    onEvent({ kind: "checkpoint", node, step, best, loss: curve.at(step).loss, files });
  }
}

/** What a stopped training gives: the weights of its last checkpoint, with a word that they are. Nothing before one. */
export async function stoppedAtCheckpoint(state: TrainingState): Promise<Stopped | undefined> {
  const { training, checkpoints, memory, curve, steps } = state;
  const { node, onEvent, request, blobs } = training;
  const stoppedAt = curve.steps;
  const { checkpoint } = await checkpoints.load();
  if (!checkpoint) return undefined;
  memory.restore(checkpoint);
  const message =
    `The training was stopped at step ${stoppedAt} of ${steps}; ` +
    `the weights that it gives are those of the checkpoint at step ${checkpoint.step}.`;
  onEvent({ kind: "warning", node, message, passing: true });
  const series = curve.series();
  return new Stopped({
    ...(await memory.give(blobs, request.average > 0)),
    curve: series,
    waited: state.waiting.share,
    memory: state.peak.bytes / 2 ** 30,
  });
}

/**
 * Goes on from the checkpoint of another training that is asked for. Gives what else went round then, where the trained
 * parameters are the same; where they are not, those that fit are what this training starts from.
 */
export async function goOn(state: TrainingState): Promise<ReadonlyMap<string, Float32Array> | undefined> {
  const { training, memory, curve } = state;
  const { request, blobs, node, onEvent } = training;
  if (!request.start?.length) return undefined;
  const paths = request.start.map(({ ref }) => blobs.path(ref));
  const checkpoint = await readCheckpoint(paths).catch((cause) => {
    throw new Failure(unreadable(node), { cause });
  });
  if (memory.isForeign(checkpoint)) {
    startFrom(state, checkpoint);
    return undefined;
  }
  if (checkpoint.step >= state.steps) throw new Failure(tooShort(node, checkpoint.step, state.steps));
  memory.restore(checkpoint);
  curve.restore(checkpoint.history, checkpoint.step);
  onEvent({ kind: "resumed", node, step: checkpoint.step });
  for (let step = 1; step <= checkpoint.step; step++) tellMetrics(state, step);
  return checkpoint.tensors;
}

/** Takes over the parameters that fit. */
function startFrom({ training, memory }: TrainingState, checkpoint: Checkpoint): void {
  const { node, onEvent } = training;
  const { fitting, others } = memory.fitting(checkpoint);
  if (!fitting.size)
    throw new Failure({
      node,
      param: "start",
      message: "None of the parameters of the checkpoint that the training is to go on from is in this graph.",
      hint: "Choose a checkpoint of a training of these nodes, or empty “Goes on from”.",
    });
  memory.restore({ ...checkpoint, tensors: fitting });
  const message =
    `The graph is another than that of the checkpoint at step ${checkpoint.step}: ${fitting.size} of its ` +
    `parameters fit and are what this training starts from, ${others} do not. The steps are counted anew.`;
  onEvent({ kind: "warning", node, message });
}

const unreadable = (node: string) => ({
  node,
  param: "start",
  message: "The checkpoint that the training is to go on from cannot be read, or is not there any more.",
  hint: "It goes with the last run that had it. Choose another one on the page of a run, or empty “Goes on from”.",
});

const tooShort = (node: string, step: number, steps: number) => ({
  node,
  param: "steps",
  message: `The training is to go on from step ${step}, and it ends at step ${steps}.`,
  hint: "Ask for more steps: they are counted from the beginning of the training that it goes on from.",
});
