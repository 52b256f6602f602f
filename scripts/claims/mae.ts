/** MAE's experiments on drawn shapes, each measured by a linear probe: which of four shapes is in a picture. */
import type { Arm, Experiments } from "./experiment";
import { adding, removing, replacing, rewiring, together, within } from "./graph";

/** Pictures with one object anywhere, which the template's composite of pictures gives in place of clothing. */
const onShapes = together(
  adding("shapes", "data.shape-caps", {}, { side: 32, objects: 1, kinds: ["shape"], rows: 2048 }),
  adding("test_shapes", "data.shape-caps", {}, { side: 32, objects: 1, kinds: ["shape"], seed: 1, rows: 1000 }),
  adding("shapes_pixels", "image.normalize", { image: "shapes.image" }, { preset: "imagenet" }),
  adding("test_pixels", "image.normalize", { image: "test_shapes.image" }, { preset: "imagenet" }),
  replacing("pictures.image", "shapes.image"),
  replacing("pictures.pixels", "shapes_pixels.pixels"),
  replacing("pictures.label", "shapes.answer"),
  replacing("test.image", "test_shapes.image"),
  replacing("test.pixels", "test_pixels.pixels"),
  replacing("test.label", "test_shapes.answer"),
  removing("pictures", "test", "drawn", "curve", "save"),
);

const common = {
  template: "mae-pretrain",
  wiring: onShapes,
  set: {
    "$.image": 32,
    "$.patch": 8,
    "$.patches": 16,
    "$.width": 48,
    "$.layers": 2,
    "$.heads": 4,
    "$.decoder_width": 32,
    "$.decoder_layers": 1,
    "$.batch": 64,
    "$.steps": 400,
    "$.lr": 0.003,
    "probe_trainer.steps": 200,
    "probe_trainer.lr": 0.01,
    "probe/classifier.width": 4,
  },
  seeds: ["trainer.seed", "weights.seed", "head.seed", "probe_trainer.seed"],
  measures: { "right, by a linear probe": "accuracy.top1" },
} as const;

/** One patch as large as the picture: a linear layer on its pixels, averaged with a vector that is the same for all. */
const probeOfPixels = within(
  "probe",
  together(
    removing("encoder"),
    adding(
      "pixels",
      "model.patch-tokens",
      { pixels: "@inputs.pixels", weights: "@inputs.classifier" },
      { scope: "pixels", patch: { $: "image" }, width: 8 },
    ),
    adding("mean", "model.pool-tokens", { hidden: "pixels.tokens" }),
    rewiring("classifier.features", "mean.embedding"),
  ),
);

const ratio = (share: number): Arm => ({ set: { "$.mask_ratio": share }, x: String(share), line: "" });

export const mae: Experiments = {
  "mae-1": {
    ...common,
    title: "A pretrained encoder against a random one and bare pixels",
    expects: "One linear layer tells most from the features of the pretrained encoder.",
    trainer: "probe_trainer",
    arms: {
      "bare pixels": { wiring: probeOfPixels },
      "random encoder": { wiring: rewiring("freeze.weights", "weights.weights") },
      "pretrained encoder": {},
    },
  },
  "mae-2": {
    ...common,
    title: "Normalized pixels as the target",
    expects: "On pictures of any brightness and contrast normalized pixels make features as good or better.",
    wiring: together(
      onShapes,
      adding("lighting", "image.augment", { image: "shapes.image" }, { shift: 0, scale: 0, rotate: 0, colour: 0.6 }),
      adding("lit", "image.normalize", { image: "lighting.image" }, { preset: "imagenet" }),
      rewiring("mae.pixels", "lit.pixels"),
      rewiring("loss.pixels", "lit.pixels"),
    ),
    arms: { "pixels as they are": { set: { "$.target": "raw" } }, "normalized pixels": {} },
  },
  "mae-3": {
    ...common,
    title: "How much is masked",
    expects: "The probe gets better up to some three quarters, and worse beyond.",
    arms: { "25 %": ratio(0.25), "50 %": ratio(0.5), "75 %": ratio(0.75), "90 %": ratio(0.9) },
    chart: { measure: "right, by a linear probe", x: "share that is masked" },
  },
};
