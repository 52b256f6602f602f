import { expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { tinyModel } from "../../scripts/gen/tiny-models";
import { registry } from "../registry.gen";
import { check } from "./check";
import { plan, sinks } from "./plan";
import { nodesOfStep, streamsOf } from "./streams";

/** The plan in short: streams in brackets. */
function planned(document: Parameters<typeof check>[0]): string[] {
  const { graph: resolved, types } = check(document, registry);
  const { steps } = plan(resolved, sinks(resolved), () => false);
  return streamsOf(resolved, types, steps).map((step) =>
    step.kind === "stream"
      ? `[${step.steps.flatMap((rowStep) => nodesOfStep(rowStep.step)).join(" ")}]`
      : nodesOfStep(step).join("+"),
  );
}

const vision = { scope: "v", patch: 8, width: 32, layers: 1, heads: 2 };

it("runs pictures through decoding, model and grid in one stream, and waits where all rows are needed", () => {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 9 }],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", vision],
      norm: ["model.l2-normalize"],
      grid: ["output.image-grid"],
      similarity: ["model.contrastive-scorer"],
      retrieval: ["eval.retrieval"],
    },
    [
      "data.image -> resize.image",
      "resize.image -> grid.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> norm.embedding",
      "norm.embedding -> similarity.images",
      "norm.embedding -> similarity.texts",
      "similarity.logits -> retrieval.logits",
    ],
  );
  expect(planned(document)).toEqual(["data", "[resize normalize grid vision]", "norm+similarity", "retrieval"]);
});

it("goes on behind a node that folds rows when that has seen all of them", () => {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 9 }],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", vision],
      similarity: ["model.contrastive-scorer"],
      names: ["text.input", { text: "a cat\na dog" }],
      classifier: ["eval.zero-shot-classifier"],
      ids: ["text.label-ids"],
      text: ["model.text-transformer", { scope: "t", vocabulary: 560, width: 32, layers: 1, heads: 2 }],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      tokenize: ["text.tokenize", { length: 8 }],
      own: ["text.tokenize", { length: 8 }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "names.text -> tokenizer.text",
      "names.text -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> text.ids",
      "vision.features -> similarity.images",
      "text.features -> similarity.texts",
      "similarity.logits -> classifier.logits",
      "names.text -> classifier.labels",
      "classifier.label -> ids.text",
      "classifier.label -> own.text",
      "tokenizer.tokenizer -> own.tokenizer",
    ],
  );
  const steps = planned(document);
  expect(steps.find((step) => step.includes("classifier"))).toMatch(/similarity classifier\]$/);
  expect(steps.filter((step) => /ids|own/.test(step))).toEqual(["[ids]", "[own]"]);
});

it("keeps texts apart from the pictures that they are compared with", () => {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 9 }],
      names: ["text.input", { text: "a cat\na dog" }],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      tokenize: ["text.tokenize", { length: 8 }],
      text: ["model.text-transformer", { scope: "t", vocabulary: 560, width: 32, layers: 1, heads: 2 }],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", vision],
      similarity: ["model.contrastive-scorer"],
      accuracy: ["eval.accuracy"],
    },
    [
      "names.text -> tokenizer.text",
      "names.text -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> text.ids",
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> similarity.images",
      "text.features -> similarity.texts",
      "similarity.logits -> accuracy.logits",
      "names.text -> accuracy.labels",
      "data.name -> accuracy.truth",
    ],
  );
  const steps = planned(document);
  expect(steps).toContain("[tokenize text]");
  expect(steps.at(-1)).toMatch(/similarity accuracy\]$/);
});

it("goes on with rows that are padded to the largest, where a model has to know the sizes of a row", () => {
  for (const model of ["vit", "convnext", "clip-vision"]) {
    const pictures = graph(
      {
        data: ["data.emoji", { vendors: ["fluent"], limit: 9 }],
        resize: ["image.min-max-resize", { shorter: 32, multiple: 16 }],
        model: ["model.hugging-face", tinyModel(model)],
      },
      ["data.image -> resize.image", "resize.pixels -> model.pixel_values"],
    );
    expect(planned(pictures), model).toEqual(["data", "[resize model]"]);
  }
});
