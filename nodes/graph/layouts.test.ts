import { expect, it } from "vitest";
import { graph } from "#tests/kit/graphs";
import { check } from "./check";

/** Ids that one tiler made places in, and tokens that another's plan packed, of tiles of a third one. */
function spliced(places: object, plan: object, tiles: object = plan) {
  return check(
    graph(
      {
        pictures: ["image.load"],
        places_tiler: ["image.anyres-tiler", { tile: 32, patch: 8, ...places }],
        plan_tiler: ["image.anyres-tiler", { tile: 32, patch: 8, ...plan }],
        tiles_tiler: ["image.anyres-tiler", { tile: 32, patch: 8, ...tiles }],
        tower: ["model.vision-transformer", { scope: "tower", patch: 8, width: 32, layers: 1, heads: 2 }],
        packer: ["model.anyres-packer"],
        text: ["text.input", { text: "<image> What is it?" }],
        tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
        tokenize: ["text.tokenize", { length: 8 }],
        place: ["text.place-images", { placeholder: 7 }],
        embed: ["model.token-embedding", { scope: "words", vocabulary: 560, width: 32 }],
        splice: ["model.splice", { placeholder: 7 }],
      },
      [
        "pictures.image -> places_tiler.images",
        "pictures.image -> plan_tiler.images",
        "pictures.image -> tiles_tiler.images",
        "tiles_tiler.tiles -> tower.pixels",
        "tower.patches -> packer.features",
        "plan_tiler.counts -> packer.counts",
        "plan_tiler.index -> packer.index",
        "plan_tiler.shares -> packer.shares",
        "text.text -> tokenizer.text",
        "text.text -> tokenize.text",
        "tokenizer.tokenizer -> tokenize.tokenizer",
        "tokenize.ids -> place.ids",
        "places_tiler.tokens -> place.tokens",
        "place.ids -> embed.ids",
        "place.ids -> splice.ids",
        "embed.embeddings -> splice.embeddings",
        "packer.tokens -> splice.tokens",
      ],
    ),
  ).problems.filter(({ code }) => code === "unequal-layouts");
}

it("Tilers that are set alike may reach one node, whatever does not change where tokens lie", () => {
  expect(spliced({ most: 4 }, { most: 4 })).toEqual([]);
  expect(spliced({ normalization: "clip", filter: "bilinear" }, {})).toEqual([]);
  // A limit says nothing where there are no tiles.
  expect(spliced({ mode: "flat", most: 4 }, { mode: "flat" })).toEqual([]);
});

it("Unequal tilers that reach one Splice are told on it, with what differs", () => {
  const [problem, ...others] = spliced({ most: 4 }, {});
  expect(problem).toMatchObject({ severity: "error", node: "splice" });
  expect(problem?.message).toContain("AnyRes tiler “places_tiler” (through “ids” and “embeddings”)");
  expect(problem?.message).toMatch(/“plan_tiler” \(through “tokens”\).*: At most is 4 and 9\.$/);
  expect(others).toEqual([]);
  const [{ message } = { message: "" }] = spliced({ mode: "pad" }, { tile: 48 });
  expect(message).toContain("Mode is pad and anyres_max");
  expect(message).toContain("patches of a tile's side is 4 and 6");
});

it("Unequal tilers that reach one packer are told there, and not again behind it", () => {
  const problems = spliced({ most: 4 }, { most: 4 }, { most: 4, resolutions: "(1x1),…,(2x2)" });
  expect(problems.map(({ node }) => node)).toEqual(["packer"]);
  expect(problems[0]?.message).toContain("Resolutions is (1x1),…,(2x2) and (1x1),…,(6x6)");
});
