/** MAE's experiments, each measured by a linear probe: which of ten pieces of clothing is in a picture. */
import type { Arm, Experiments } from "./experiment";
import { adding, removing, rewiring, together, within } from "./graph";

/**
 * The template's clothing, shifted, turned, scaled and lit anew in each step, as photographs differ: of what always
 * stands in one place the pixels tell a linear layer enough.
 */
const moved = together(
  within(
    "pictures",
    together(
      adding("moved", "image.augment", { image: "resize.image" }, movement()),
      rewiring("normalize.image", "moved.image"),
      rewiring("@outputs.image", "moved.image"),
    ),
  ),
  removing("drawn", "curve", "save"),
);

function movement() {
  return { shift: 0.25, scale: 0.3, rotate: 30, flip: 0.5, colour: 0.4, background: "#000000" };
}

const common = {
  template: "mae-pretrain",
  wiring: moved,
  set: {
    "test.limit": 200,
    "$.patch": 7,
    "$.patches": 16,
    "$.width": 64,
    "$.layers": 3,
    "$.heads": 4,
    "$.decoder_width": 48,
    "$.decoder_layers": 1,
    "$.batch": 64,
    "$.steps": 1500,
    "$.lr": 0.003,
    "probe_trainer.steps": 300,
    "probe_trainer.batch": 128,
    "probe_trainer.optimizer": "adamw",
    "probe_trainer.lr": 0.03,
  },
  seeds: ["trainer.seed", "weights.seed", "head.seed", "probe_trainer.seed"],
  measures: { "right, by a linear probe": "accuracy.top1" },
} as const;

/** Half as many steps of half as many pictures, and half a probe, so that all arms and seeds fit. */
const shorter = { ...common, set: { ...common.set, "$.batch": 32, "$.steps": 750, "probe_trainer.steps": 150 } };

/** One patch as large as the picture: a linear layer on its pixels, averaged with a vector that is the same for all. */
const probeOfPixels = within(
  "probe",
  together(
    removing("encoder"),
    adding(
      "pixels",
      "model.patch-tokens",
      { pixels: "@inputs.pixels", weights: "@inputs.classifier" },
      { scope: "pixels", patch: { $: "image" }, width: 16 },
    ),
    adding("mean", "model.pool-tokens", { hidden: "pixels.tokens" }),
    rewiring("norm.features", "mean.embedding"),
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
    ...shorter,
    title: "Normalized pixels as the target",
    expects: "On pictures of any brightness and contrast normalized pixels make features as good or better.",
    arms: { "pixels as they are": { set: { "$.target": "raw" } }, "normalized pixels": {} },
  },
  "mae-3": {
    ...shorter,
    title: "How much is masked",
    expects: "The probe gets better up to some three quarters, and worse beyond.",
    arms: { "25 %": ratio(0.25), "50 %": ratio(0.5), "75 %": ratio(0.75), "90 %": ratio(0.9) },
    chart: { measure: "right, by a linear probe", x: "share that is masked" },
  },
};
