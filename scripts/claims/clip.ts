/** CLIP's experiments, on drawn shapes in place of the template's emoji. */
import type { Experiments } from "./experiment";
import { adding, removing, rewiring, together } from "./graph";

const shapes = { side: 32, objects: 2 };

const onShapes = together(
  removing("drawings", "augment", "describe", "test_drawings", "accuracy", "classifier", "labels", "curve", "save"),
  adding("data", "data.shape-caps", {}, shapes),
  adding("test", "data.shape-caps", {}, { ...shapes, split: "test", rows: 256 }),
  rewiring("clip.image", "data.image"),
  rewiring("clip.text", "data.caption"),
  rewiring("tokenizer.text", "data.caption"),
  rewiring("trainer.distinct", "data.caption"),
  rewiring("test_clip.image", "test.image"),
  rewiring("test_clip.text", "test.caption"),
  adding("recall", "eval.retrieval", { logits: "test_clip.logits" }),
);

const common = {
  template: "clip-vit-train",
  wiring: onShapes,
  set: {
    "$.width": 48,
    "$.layers": 2,
    "$.text_width": 48,
    "$.text_layers": 2,
    "$.embed": 48,
    "$.context": 20,
    "$.vocabulary": 640,
    "$.batch": 48,
    "$.steps": 400,
    "$.lr": 0.002,
  },
  seeds: ["trainer.seed", "weights.seed"],
  measures: {
    "R@1, picture to text": "recall.imageToText1",
    "R@1, text to picture": "recall.textToImage1",
    "R@5, picture to text": "recall.imageToText5",
  },
} as const;

export const clip: Experiments = {
  "clip-1": {
    ...common,
    title: "Trained against untrained",
    expects: "What was trained finds the one right text among 256, and picture, far above chance (0.4 %).",
    arms: { untrained: { set: { "$.steps": 1, "$.lr": 0 }, x: "untrained" }, trained: { x: "trained" } },
    chart: { measure: "R@1, picture to text", x: "" },
  },
  "clip-2": {
    ...common,
    title: "A learned scale against a fixed one",
    expects: "Cosines that nothing scales cannot drive the softmax: a learned scale finds far more.",
    arms: {
      "fixed at 1": {
        set: {
          "clip/scorer.scale": "temperature",
          "trainer.stages": [
            {
              steps: { $: "steps" },
              trains: "visual*, transformer*, token_embedding*, positional_embedding, ln_final*, text_projection",
            },
          ],
        },
      },
      "learned, from 1/0.07": {},
    },
  },
};
