import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const prompts = defineNode({
  type: "text.prompts",
  title: "Prompt templates",
  description: "Puts every name into every template, for a prompt ensemble.",
  synonyms: ["prompt ensembling", "a photo of a", "format"],
  docs: `N names and T templates give N·T texts: all templates of the first name, then of the second. The scorer
averages each name's T embeddings (Radford et al. 2021, §3.1.4). \`{}\` stands for the name.`,
  version: 1,
  inputs: { text: port.text({ shape: ["N"] }) },
  outputs: { text: port.text({ shape: ["*"], doc: "N·T texts, template by template for each name." }) },
  params: {
    templates: z
      .string()
      .max(100_000)
      .default("a drawing of {}\nan emoji of {}")
      .meta({ widget: "textarea", description: "One per line; {} is the name." }),
  },
  check({ templates }) {
    const bad = lines(templates).find((t) => !t.includes("{}"));
    if (!lines(templates).length)
      return {
        param: "templates",
        message: "There is no template.",
        hint: "Write one per line, such as “a drawing of {}”.",
      };
    return bad === undefined
      ? undefined
      : { param: "templates", message: `The template “${bad}” has no {}.`, hint: "Write {} where the name goes." };
  },
  allRows: "It gives several texts for each name.",
  run: async ({ inputs, params }) => ({
    text: inputs.text.flatMap((name) => lines(params.templates).map((t) => t.replaceAll("{}", () => name))),
  }),
});

const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((l) => l.trim())
    .filter(Boolean);
