/**
 * Every model has one thread, so that an experiment gives the same numbers on any machine. ONNX Runtime counts the
 * machine's cores otherwise, also those that the process may not use, and threads that share a core wait for each
 * other.
 */
import * as ort from "onnxruntime-node";

type Create = (model: Uint8Array, options?: object) => Promise<ort.InferenceSession>;

export function limitToOneThread(): void {
  const create = ort.InferenceSession.create as Create;
  Object.assign(ort.InferenceSession, {
    create: (model: Uint8Array, options?: object) => create(model, { ...options, intraOpNumThreads: 1 }),
  });
}
