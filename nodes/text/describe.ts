import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const describe = defineNode({
  type: "text.describe",
  title: "Describe at random",
  description:
    "A caption for each row, drawn anew in each training step from its name, some of its keywords, and templates.",
  synonyms: ["caption augmentation", "synthetic captions"],
  docs: `With chance \`keywords\` the caption is up to three keywords in random order, otherwise the name; with chance
\`both\` the name comes first and keywords follow. A template is then put around names. Draws come from the run's
seed, the step and the row.`,
  version: 1,
  inputs: {
    name: port.text({ shape: ["N"] }),
    keywords: port.text({ shape: ["N"], doc: "Words separated by commas." }),
  },
  outputs: { text: port.text({ shape: ["N"] }) },
  bypass: { text: "name" },
  params: {
    both: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .meta({ label: "Name and keywords", description: "Chance of the name followed by keywords." }),
    keywords: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .meta({ label: "Keywords alone", description: "Chance of keywords without the name." }),
    templates: z
      .string()
      .max(100_000)
      .default("")
      .meta({ widget: "textarea", description: "One per line; {} is the name. Empty: the name alone." }),
  },
  rowwise: true,
  random: true,
  async run({ host, inputs, params }) {
    const draw = host.random("describe");
    const templates = params.templates
      .split("\n")
      .map((t) => t.trim())
      .filter((t) => t.includes("{}"));
    const caption = (name: string, row: number): string => {
      const words = keywordsOf(inputs.keywords[row] ?? "").filter((word) => word !== name);
      const order = draw.permutation(words.length).slice(0, 1 + draw.below(3));
      const some = Array.from(order, (place) => words[place]).join(", ");
      const kind = draw.uniform();
      const template = templates.length ? (templates[draw.below(templates.length)] as string) : "{}";
      const named = template.replaceAll("{}", () => name);
      if (!some || kind >= params.keywords + params.both) return named;
      return kind < params.keywords ? some : `${named}, ${some}`;
    };
    return { text: inputs.name.map(caption) };
  },
});

const keywordsOf = (list: string): string[] =>
  list
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
