/**
 * Takes training steps of a system's template on demand, as bench/torch/systems.py does: the graph of its last trainer,
 * its constants as they are, and one batch of its own data, with what it draws.
 */
import { Stepper } from "#server/runtime/training/stepper";
import { initialise } from "#server/runtime/parameters";
import { sizeOf } from "#models/onnx/shape";
import { serveSteps } from "../serve-steps";
import { stageOf } from "./stage";

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
