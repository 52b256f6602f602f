/** BLIP's experiments: what captioner and filter give, and how well the filter tells. */
import type { Experiments } from "./experiment";
import { rewiring, together } from "./graph";
import { areaUnderCurve, type ScoredRow, shareOf } from "./measures";

const common = {
  template: "blip-capfilt",
  set: {
    "$.vision_width": 64,
    "$.vision_layers": 2,
    "$.text_width": 64,
    "$.text_layers": 2,
    "$.text_length": 12,
    "$.words": 198,
    "$.vocabulary": 200,
    "$.dec_token": 198,
    "$.enc_token": 199,
    "$.embed": 32,
    "$.queue": 1,
    "$.momentum": 0.9,
    "$.ramp": 50,
    "$.batch": 48,
    "$.steps": 1200,
    "$.lr": 0.001,
    "$.tuning_steps": 60,
    "$.tuning_lr": 0.0002,
    "$.web_pairs": 768,
    "$.human_pairs": 128,
    "web.objects": 1,
    "human.objects": 1,
    "test.objects": 1,
    "test.rows": 256,
    "write.longest": 12,
  },
  seeds: [
    "trainer.seed",
    "fresh.seed",
    "captioner_trainer.seed",
    "filter_trainer.seed",
    "write.seed",
    "again_trainer.seed",
    "fresh_again.seed",
  ],
} as const;

/** What the filter says of each web pair, 1 where it stays, and what became of its caption. */
const dropped = ["web_filter.keep", "noise.noise"];
const isDropped = ({ score }: ScoredRow): boolean => score === 0;
const isTrue = ({ kind }: ScoredRow): boolean => kind === "none";
const isSpoiled = (row: ScoredRow): boolean => !isTrue(row);

export const blip: Experiments = {
  "blip-1": {
    ...common,
    title: "Captioner and filter",
    expects: "Trained from nothing, either of the two beats the noisy pairs, and both beat either.",
    arms: {
      "noisy pairs": { wiring: together(rewiring("bootstrap.pairs"), rewiring("bootstrap.synthetic")) },
      "filter alone": {
        wiring: together(rewiring("kept.keep", "web_filter.keep"), rewiring("bootstrap.synthetic")),
      },
      "captioner alone": { wiring: rewiring("bootstrap.pairs") },
      "captioner and filter": {},
    },
    measures: {
      "R@1, picture to text": "after_recall.imageToText1",
      "R@1, text to picture": "after_recall.textToImage1",
      "R@5, picture to text": "after_recall.imageToText5",
    },
    trainer: "again_trainer",
  },
  "blip-2": {
    ...common,
    title: "What the filter drops",
    // What nothing reads is not worked out beside what something reads: all of the filter of web texts is asked for.
    wiring: rewiring("kept.keep", "synthetic_filter.keep"),
    expects: "The filter tells spoiled captions from true ones: an area under the curve of 0.85 or more.",
    arms: {
      "as pre-trained": { wiring: rewiring("web_filter.weights", "trainer.weights") },
      "tuned on human pairs": {},
    },
    measures: {
      "area under the curve": {
        of: ["web_filter.probability", "noise.noise"],
        by: (probability, noise) => areaUnderCurve(probability, noise, isTrue),
      },
      "spoiled among dropped": { of: dropped, by: (keep, noise) => shareOf(keep, noise, isDropped, isSpoiled) },
      "dropped of spoiled": { of: dropped, by: (keep, noise) => shareOf(keep, noise, isSpoiled, isDropped) },
      "dropped of true": { of: dropped, by: (keep, noise) => shareOf(keep, noise, isTrue, isDropped) },
    },
    trainer: "filter_trainer",
  },
};
