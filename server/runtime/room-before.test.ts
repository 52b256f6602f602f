import { afterEach, expect, it, vi } from "vitest";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";

afterEach(() => void vi.unstubAllEnvs());

/** Pictures through a shipped model of 1.8 MB that runs as its file is, and a projector behind it that trains. */
const behindFile = graph(
  {
    data: ["data.emoji", { vendors: ["openmoji"], limit: 16 }],
    resize: ["image.resize", { width: 28, height: 28 }],
    normalize: ["image.normalize"],
    file: ["model.onnx", { shipped: "fashion-vit", runs: "file" }],
    head: ["model.projector", { scope: "head", width: 16 }],
    labels: ["text.label-ids"],
    loss: ["loss.cross-entropy"],
    trainer: ["train.trainer", { steps: 1, batch: 4, warmup: 0 }],
  },
  [
    "data.image -> resize.image",
    "resize.image -> normalize.image",
    "normalize.pixels -> file.pixels",
    "file.features -> head.features",
    "head.embedding -> loss.logits",
    "data.name -> labels.text",
    "labels.ids -> loss.labels",
    "loss.loss -> trainer.loss",
  ],
);

it("A model that runs as its file is and does not fit is refused before anything is computed", async () => {
  vi.stubEnv("PATCHBAY_MEMORY", "1M");
  const { error, ran } = await runDocument(behindFile, await temporaryFolder());
  expect(error).toMatchObject({
    node: "file",
    lack: "memory",
    message: "The weights of ONNX model take 1.8 MiB, and runs may hold 1.0 MiB.",
  });
  expect(ran).toEqual([]);
});
