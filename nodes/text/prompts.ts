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
  async run({ inputs, params }) {
    const templates = lines(params.templates);
    refuseTooMany(inputs.text, templates);
    return { text: inputs.text.flatMap((name) => templates.map((t) => t.replaceAll("{}", () => name))) };
  },
});

/** What all texts may have together: behind one another, such nodes multiply what comes in. */
const mostCharacters = 2 ** 28;

/** Throws before the texts are made. */
function refuseTooMany(names: readonly string[], templates: readonly string[]): void {
  const inNames = names.reduce((sum, name) => sum + name.length, 0);
  const inTemplates = templates.reduce((sum, template) => sum + template.length, 0);
  const places = templates.reduce((sum, template) => sum + template.split("{}").length - 1, 0);
  const characters = names.length * inTemplates + inNames * places;
  if (characters <= mostCharacters) return;
  const count = (names.length * templates.length).toLocaleString("en");
  throw Object.assign(
    new Error(`${names.length.toLocaleString("en")} names in ${templates.length} templates are ${count} texts.`),
    { hint: "Take fewer names or templates: a name is put into every template, here too often for one value." },
  );
}

const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((l) => l.trim())
    .filter(Boolean);
