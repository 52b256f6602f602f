/**
 * Takes training steps of a system's template on demand, as bench/torch/systems.py does: the graph of its last trainer,
 * its constants as they are, and one batch of its own data, with what it draws.
 */
import * as ort from "onnxruntime-node";
import { Stepper } from "#server/runtime/training/stepper";
import { initialise } from "#server/runtime/parameters";
import { sizeOf } from "#models/onnx/shape";
import { serveSteps } from "../serve-steps";
import { stageOf } from "./stage";

withThreads(Number(process.env.OMP_NUM_THREADS));
const base = process.resourceUsage().maxRSS;
const { spec, built, batch, compile } = await stageOf(process.argv[2] ?? "");
const parameters = new Map(built.graph.parameters.map((parameter) => [parameter.name, parameter]));
const stepper = new Stepper({
  provider: "cpu",
  compile,
  valueOf(name) {
    const parameter = parameters.get(name);
    return parameter && initialise(parameter.init, sizeOf(parameter.value.shape), 0, name);
  },
});
let step = 0;
await serveSteps(() => stepper.step([batch], spec.stage.lr, ++step), base);

/**
 * Every session has as many threads as the other side. ONNX Runtime counts the machine's cores otherwise, also those
 * that this process may not use, and the threads that wait for each other on one core take half of it.
 */
function withThreads(count: number): void {
  const create = ort.InferenceSession.create as (model: Uint8Array, options?: object) => Promise<ort.InferenceSession>;
  Object.assign(ort.InferenceSession, {
    create: (model: Uint8Array, options?: object) => create(model, { ...options, intraOpNumThreads: count }),
  });
}
