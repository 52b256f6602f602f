// Opens a provider with the smallest model there is (y = Identity(x)) and runs it once; exits 0 if that worked.
import * as ort from "onnxruntime-node";

const model = Buffer.from("CAo6OQoOCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCAhAV", "base64");
const session = await ort.InferenceSession.create(model, { executionProviders: [process.argv[2]], logSeverityLevel: 4 });
const { y } = await session.run({ x: new ort.Tensor("float32", [7], [1]) });
process.exit(y.data[0] === 7 ? 0 : 1);
