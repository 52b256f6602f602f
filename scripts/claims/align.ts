/** ALIGN's experiments: noise against scale, and the filter of alt-texts. */
import type { Arm, Experiments } from "./experiment";
import { adding, removing, replacing, together } from "./graph";

const common = {
  template: "align-train",
  set: {
    "$.stem": 8,
    "$.blocks": "r1_k3_s11_e1_i8_o8_se0.25_noskip, r1_k3_s22_e4_i8_o16_se0.25, r1_k3_s22_e4_i16_o32_se0.25",
    "$.embed": 32,
    "$.text_width": 48,
    "$.text_layers": 1,
    "$.text_len": 20,
    "$.vocabulary": 640,
    "$.batch": 48,
    "$.steps": 320,
    "$.lr": 0.02,
    "$.bn_momentum": 0.1,
    "captions/data.objects": 2,
    "test_pairs.rows": 256,
  },
  wiring: together(
    replacing("alt_text.image", "pairs.image"),
    replacing("alt_text.text", "pairs.caption"),
    removing("alt_text"),
  ),
  seeds: ["trainer.seed", "weights.seed"],
  measures: {
    "R@1, picture to text": "retrieval.imageToText1",
    "R@1, text to picture": "retrieval.textToImage1",
    "R@5, picture to text": "retrieval.imageToText5",
  },
} as const;

const noisy = (rows: number): Arm => ({
  set: { "$.swapped": 0.4, "$.junk": 0.1, "pairs.rows": rows },
  x: String(rows),
  line: "noisy",
});

export const align: Experiments = {
  "align-1": {
    ...common,
    title: "Scale against noise",
    expects: "Of equally many pairs noisy ones are worse; eight times as many make up for it.",
    arms: {
      "512 clean pairs": { set: { "$.swapped": 0, "$.junk": 0, "pairs.rows": 512 }, x: "512", line: "clean" },
      "512 noisy pairs": noisy(512),
      "1,024 noisy pairs": noisy(1024),
      "4,096 noisy pairs": noisy(4096),
    },
    chart: { measure: "R@1, picture to text", x: "pairs" },
  },
  "align-2": {
    ...common,
    title: "The filter of alt-texts",
    expects: "Where junk captions are left out, recall is as high or higher.",
    set: { ...common.set, "$.swapped": 0, "$.junk": 0.3, "pairs.rows": 1024 },
    arms: {
      "no filter": {},
      filter: {
        wiring: together(
          replacing("pairs.image", "filter.image"),
          replacing("pairs.caption", "filter.text"),
          adding(
            "filter",
            "data.alt-text-filter",
            { image: "pairs.image", text: "pairs.caption" },
            { shorterSide: 0, picturesOfText: 10 },
          ),
        ),
      },
    },
  },
};
