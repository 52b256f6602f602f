/** BLIP's experiments: what captioner and filter give, and how well the filter tells. */
import type { Experiments, Wiring } from "./experiment";
import { adding, rewiring, together } from "./graph";
import { areaUnderCurve, type ScoredRow, shareOf, shareRight } from "./measures";

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
    "$.queue_waits": 0,
    "$.momentum": 0.9,
    "$.ramp": 50,
    "$.batch": 48,
    "$.steps": 1200,
    "$.lr": 0.001,
    "$.tuning_steps": 120,
    "$.tuning_lr": 0.0003,
    "$.web_pairs": 3072,
    "$.human_pairs": 384,
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

/** Beside what each arm trains on, the true captions of the same pictures. */
const trueCaptions = adding("truths", "data.bootstrap", {
  image: "web.image",
  web: "web.caption",
  synthetic: "web.caption",
  pairs: "kept.pairs",
  humanImage: "human.image",
  human: "human.caption",
});

const without = (port: string): Wiring => together(rewiring(`bootstrap.${port}`), rewiring(`truths.${port}`));

/** What the filter says of each web pair, 1 where it stays, and what became of its caption. */
const dropped = ["web_filter.keep", "noise.noise"];
const isDropped = ({ score }: ScoredRow): boolean => score === 0;
const isTrue = ({ kind }: ScoredRow): boolean => kind === "none";
const isSpoiled = (row: ScoredRow): boolean => !isTrue(row);

export const blip: Experiments = {
  "blip-1": {
    ...common,
    title: "Captioner and filter",
    wiring: trueCaptions,
    expects: "Trained from nothing, either of the two beats the noisy pairs, and both beat either.",
    arms: {
      "noisy pairs": { wiring: together(without("pairs"), without("synthetic")) },
      "filter alone": { wiring: together(rewiring("kept.keep", "web_filter.keep"), without("synthetic")) },
      "captioner alone": { wiring: without("pairs") },
      "captioner and filter": {},
    },
    measures: {
      "R@1, picture to text": "after_recall.imageToText1",
      "R@1, text to picture": "after_recall.textToImage1",
      "R@5, picture to text": "after_recall.imageToText5",
      "right of its captions": { of: ["bootstrap.text", "truths.text"], by: shareRight },
      captions: { of: ["bootstrap.text"], by: (texts) => (texts as readonly string[]).length },
    },
    plain: ["captions"],
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
