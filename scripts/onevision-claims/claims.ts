/**
 * What each claim compares: arms, which are changes of one graph, trained for as many steps on as many rows with the
 * same rates. docs/systems/llava-onevision.md tells what came of them.
 */
import type { Changes } from "../gen/changed";

export interface Claim {
  says: string;
  steps: number;
  /** What all arms have; `*data` is the rows to learn from and the unseen ones. */
  setting: Changes;
  /** What each arm has besides; how many steps there are is known when they are made. */
  arms(steps: number): Readonly<Record<string, Changes>>;
}

/** Alone, the projector is trained faster, as in LLaVA, where its rate is a hundred times that of what follows. */
const projectorFirst = { name: "projector", trains: "projector*=3" };
/** The tower stays as it came: what it gives for a row is made once and kept. */
const towerStays = "projector*, newline*, image_newline*, language*";

const stages = (...rows: readonly object[]): Changes => ({ trainer: { stages: rows } });
const pictures = (params: object): Changes["data"] => ({ objects: 1, ...params });

/** Tiles of 32 pixels with 2 × 2 tokens each, of pictures with a side of 96. */
const tiled = (kinds: readonly string[]): Changes => ({
  "*data": pictures({ side: 96, digits: 1, kinds }),
  "llava/tiler": { mode: "anyres", resolutions: "(1x1),…,(3x3)", tile: 32, patch: 16 },
  "llava/patches": { stride: 2 },
});

/** One tile of 32 pixels a picture, with 4 × 4 tokens. */
const whole = (kinds: readonly string[]): Changes => ({
  "*data": pictures({ side: 32, digits: 0, kinds }),
  "llava/tiler": { mode: "flat", tile: 32, patch: 8 },
  "llava/patches": { stride: 1 },
});

const single = ["colour", "shape"];
const several = ["difference", "frame"];
const sources = (kinds: readonly string[]): string => kinds.join(", ");

/** As many tokens for each picture whether it is alone or not: one tile, 2 × 2 tokens and a newline. */
const padded: Changes = {
  "*data": pictures({ side: 32, digits: 0, kinds: [...single, ...several] }),
  "llava/tiler": { mode: "pad", tile: 32, patch: 16 },
  "llava/patches": { stride: 2 },
};

/** Stages of single pictures and of all, of which `share` is how much of the second one's rows is of single ones. */
function singleThenAll(steps: number, share: number): Changes {
  const first = Math.round(steps / 2);
  return stages(
    { name: "single", steps: first, data: sources(single) },
    { name: "several", steps: steps - first, data: mixture(share) },
  );
}

function mixture(share: number): string {
  const shares = [
    ...several.map((kind) => `${kind}=${(1 - share) / 2}`),
    ...single.map((kind) => `${kind}=${share / 2}`),
  ];
  return shares.slice(0, share ? undefined : several.length).join(", ");
}

export const claims: Readonly<Record<string, Claim>> = {
  "ov-1": {
    says: "AnyRes reads digits that the base view alone loses; what is coarse is equal",
    steps: 80,
    setting: tiled(["digit", "shape", "colour"]),
    arms: (steps) => ({
      "base only": { "llava/tiler": { mode: "flat" }, ...stages({ steps }) },
      AnyRes: stages({ steps }),
    }),
  },
  "ov-2": {
    says: "more pixels, pooled to at most four tiles' tokens, beat fewer pixels unpooled",
    steps: 80,
    setting: tiled(["digit", "shape", "colour"]),
    arms: (steps) => ({
      "64 × 64, unpooled": {
        "llava/tiler": { mode: "anyres_max", most: 4, resolutions: "(2x2)" },
        ...stages({ steps }),
      },
      "96 × 96, pooled": { "llava/tiler": { mode: "anyres_max", most: 4, resolutions: "(3x3)" }, ...stages({ steps }) },
    }),
  },
  "ov-3": {
    says: "a new projector that is trained alone first ends as high or higher",
    steps: 80,
    setting: whole(single),
    arms: (steps) => ({
      "projector first": stages(
        { ...projectorFirst, steps: Math.round(steps / 4) },
        { name: "all", steps: steps - Math.round(steps / 4) },
      ),
      "all at once": stages({ name: "all", steps }),
    }),
  },
  "ov-4": {
    says: "a trained tower is best trained on at a fifth of the rate",
    steps: 80,
    setting: whole([...single, "size"]),
    arms: (steps) => {
      const first = { ...projectorFirst, steps: Math.round(steps / 4) };
      const second = { name: "all", steps: steps - first.steps };
      return {
        frozen: stages(first, { ...second, trains: towerStays }),
        "a fifth": stages(first, { ...second, trains: "vision*=0.2, *" }),
        "the same rate": stages(first, second),
      };
    },
  },
  "ov-5": {
    says: "single pictures first, then all, is best; what learned of single ones alone is above chance on several",
    steps: 140,
    setting: padded,
    arms: (steps) => ({
      "single only": stages({ name: "single", steps: Math.round(steps / 2), data: sources(single) }),
      "single, then all": singleThenAll(steps, 1 / 3),
      "all from the start": stages({ name: "all", steps, data: mixture(1 / 3) }),
    }),
  },
  "ov-6": {
    says: "replay of single pictures keeps what was learned of them",
    steps: 140,
    setting: padded,
    arms: (steps) => ({
      "with replay": singleThenAll(steps, 1 / 3),
      "without replay": singleThenAll(steps, 0),
    }),
  },
};
