import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const rankedLabels = defineNode({
  type: "output.ranked-labels",
  title: "Ranked labels",
  description: "Shows each picture with its best labels as bars.",
  synonyms: ["predictions", "probabilities", "top-k", "bar chart"],
  version: 1,
  inputs: { ranking: port.ranking() },
  outputs: { ranking: port.ranking() },
  params: {
    limit: z.int().min(1).max(1000).default(12).meta({ label: "At most", unit: "pictures" }),
    show: z
      .enum(["all", "right", "wrong"])
      .default("all")
      .meta({ description: "Only pictures that were named right, or wrong; needs the right labels." }),
  },
  async run({ inputs, params }) {
    const right = (item: (typeof inputs.ranking.items)[number]) => item.labels[0]?.label === item.truth;
    return {
      ranking: {
        items: inputs.ranking.items
          .filter((item) => params.show === "all" || right(item) === (params.show === "right"))
          .slice(0, params.limit),
      },
    };
  },
});
