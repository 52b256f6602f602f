/**
 * LLaVA-OneVision's experiments: the template “A small LLaVA from nothing”, smaller. All arms begin from the same
 * weights of tower, words and decoder, which a training in the same graph makes first; the projector is new.
 */
import type { Assignment } from "#nodes/graph/sweep";
import type { Arm, Experiment, Experiments } from "./experiment";
import { copying, copyingComposite, instancing, replacing, rewiring, setting, together } from "./graph";

const width = 64;

const small: Assignment = {
  "llava/vision.patch": 8,
  "llava/vision.width": width,
  "llava/vision.layers": 2,
  "llava/vision.heads": 4,
  "llava/projector.width": width,
  "llava/words.width": width,
  "llava/decoder.width": width,
  "llava/decoder.layers": 2,
  "llava/decoder.heads": 4,
  "llava/decoder.keyHeads": 4,
  "llava/decoder.hidden": 2 * width,
  "trainer.lr": 0.002,
  "trainer.weightDecay": 0,
  "trainer.warmup": 0.05,
  "trainer.batch": 32,
  "data.rows": 4096,
  "unseen.rows": 256,
};

/** One tile of 32 pixels a picture, of which a token is 8 × 8 pixels. */
const wholePicture: Assignment = { "llava/tiler.mode": "flat", "llava/tiler.tile": 32, "llava/tiler.patch": 8 };

/**
 * What all begin from has learned: colours, shapes and digits of pictures of 32 × 32, whose words make the tokenizer of
 * all. Only then are other sizes set, in another copy of the model.
 */
const fromTrained = together(
  setting({
    ...small,
    ...wholePicture,
    "llava/patches.stride": 1,
    "data.side": 32,
    "data.objects": 1,
    "data.digits": 1,
    "data.kinds": ["digit", "colour", "shape"],
    "data.rows": 16_384,
    "trainer.steps": 1500,
    "trainer.batch": 64,
    "trainer.warmup": 50,
  }),
  copyingComposite("llava", "_base"),
  copying(["data", "chat", "fresh", "llava", "loss", "trainer"], "_base"),
  instancing("llava_base", "llava_base"),
  replacing("data.question", "data_base.question", ["vqa"]),
  replacing("data.answer", "data_base.answer", ["vqa"]),
  rewiring("llava.tower", "trainer_base.weights"),
  rewiring("llava.language", "trainer_base.weights"),
  setting(small),
);

/** Rows to learn from and unseen ones. */
function rows(params: Assignment): Assignment {
  const both = Object.entries({ objects: 1, ...params });
  return Object.fromEntries(
    both.flatMap(([name, value]) => [
      [`data.${name}`, value],
      [`unseen.${name}`, value],
    ]),
  );
}

/** Tiles of 32 pixels with 2 × 2 tokens each, of pictures with a side of 96. */
const tiled: Assignment = {
  ...rows({ side: 96, digits: 1, kinds: ["digit", "shape", "colour"] }),
  "llava/tiler.mode": "anyres",
  "llava/tiler.resolutions": "(1x1),…,(3x3)",
  "llava/tiler.tile": 32,
  "llava/tiler.patch": 16,
  "llava/patches.stride": 2,
};

/** One tile of 32 pixels a picture, with 4 × 4 tokens. */
const whole = (kinds: string[]): Assignment => ({
  ...rows({ side: 32, digits: 0, kinds }),
  ...wholePicture,
  "llava/patches.stride": 1,
});

const single = ["colour", "shape"];
const several = ["difference", "frame"];

/** As many tokens for each picture whether it is alone or not: one tile, 2 × 2 tokens and a newline. */
const padded: Assignment = {
  ...rows({ side: 32, digits: 0, kinds: [...single, ...several] }),
  "llava/tiler.mode": "pad",
  "llava/tiler.tile": 32,
  "llava/tiler.patch": 16,
  "llava/patches.stride": 2,
};

type Stage = Record<string, string | number>;

const stages = (...table: Stage[]): Assignment => ({ "trainer.stages": table });

/** Alone, the projector is trained faster, as in LLaVA, where its rate is a hundred times that of what follows. */
const projectorFirst = { name: "projector", trains: "projector*=3", steps: 20 };
/** The tower stays as it came: what it gives for a row is made once and kept. */
const towerStays = "projector*, newline*, image_newline*, language*";
const everything = { name: "all", steps: 60 };

/** Stages of single pictures and of all, of which `share` is how much of the second one's rows is of single ones. */
const singleThenAll = (share: number): Arm => ({
  set: stages(
    { name: "single", steps: 70, data: single.join(", ") },
    { name: "several", steps: 70, data: mixture(share) },
  ),
});

function mixture(share: number): string {
  const shares = [
    ...several.map((kind) => `${kind}=${(1 - share) / 2}`),
    ...single.map((kind) => `${kind}=${share / 2}`),
  ];
  return shares.slice(0, share ? undefined : several.length).join(", ");
}

function experiment(
  parts: Pick<Experiment, "title" | "expects" | "set" | "arms">,
  kinds: readonly string[],
): Experiment {
  const byKind = kinds.map((kind) => [kind, { of: ["vqa.byType"], by: (byType: unknown) => rightOf(byType, kind) }]);
  return {
    ...parts,
    template: "llava-from-nothing",
    wiring: fromTrained,
    seeds: ["trainer.seed", "fresh.seed"],
    // With 0 the projector would begin as it did in what all begin from, and know its tower already.
    firstSeed: 1,
    measures: { all: "vqa.score", ...Object.fromEntries(byKind) },
  };
}

/** The share of right answers to questions of a kind. */
function rightOf(byType: unknown, kind: string): number {
  const { items } = byType as { items: { name: string; labels: { score: number }[] }[] };
  return items.find(({ name }) => name === kind)?.labels[0]?.score ?? 0;
}

export const llavaOnevision: Experiments = {
  "ov-1": experiment(
    {
      title: "AnyRes against the base view alone",
      expects: "AnyRes reads digits that the base view alone loses; what is coarse is equal.",
      set: tiled,
      arms: {
        "base only": { set: { "llava/tiler.mode": "flat", ...stages({ steps: 80 }) } },
        AnyRes: { set: stages({ steps: 80 }) },
      },
    },
    ["digit", "shape", "colour"],
  ),
  "ov-2": experiment(
    {
      title: "More pixels pooled, against fewer pixels unpooled",
      expects: "More pixels, pooled to at most four tiles' tokens, beat fewer pixels unpooled.",
      set: { ...tiled, "llava/tiler.mode": "anyres_max", "llava/tiler.most": 4, ...stages({ steps: 80 }) },
      arms: {
        "64 × 64, unpooled": { set: { "llava/tiler.resolutions": "(2x2)" } },
        "96 × 96, pooled": { set: { "llava/tiler.resolutions": "(3x3)" } },
      },
    },
    ["digit", "shape", "colour"],
  ),
  "ov-3": experiment(
    {
      title: "Projector first, against everything at once",
      expects: "A new projector that is trained alone first ends as high or higher.",
      set: whole(single),
      arms: {
        "projector first": { set: stages(projectorFirst, everything) },
        "all at once": { set: stages({ ...everything, steps: 80 }) },
      },
    },
    single,
  ),
  "ov-4": experiment(
    {
      title: "The rate of a trained tower",
      expects: "A trained tower is best trained on at a fifth of the rate.",
      set: whole([...single, "size"]),
      arms: {
        frozen: { set: stages(projectorFirst, { ...everything, trains: towerStays }) },
        "a fifth": { set: stages(projectorFirst, { ...everything, trains: "vision*=0.2, *" }) },
        "the same rate": { set: stages(projectorFirst, everything) },
      },
    },
    [...single, "size"],
  ),
  "ov-5": experiment(
    {
      title: "From single pictures to several and to frames",
      expects:
        "Single pictures first, then all, is best; what learned of single ones alone is above chance on several.",
      set: padded,
      arms: {
        "single only": { set: stages({ name: "single", steps: 70, data: single.join(", ") }) },
        "single, then all": singleThenAll(1 / 3),
        "all from the start": { set: stages({ name: "all", steps: 140, data: mixture(1 / 3) }) },
      },
    },
    [...single, ...several],
  ),
  "ov-6": experiment(
    {
      title: "Replay",
      expects: "Replay of single pictures keeps what was learned of them.",
      set: padded,
      arms: { "with replay": singleThenAll(1 / 3), "without replay": singleThenAll(0) },
    },
    [...single, ...several],
  ),
};
