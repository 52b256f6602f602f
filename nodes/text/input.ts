import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const input = defineNode({
  type: "text.input",
  title: "Text",
  description: "Texts that you type, one per line.",
  synonyms: ["prompt", "string", "primitive"],
  version: 1,
  inputs: {},
  outputs: { text: port.text({ shape: ["N"] }) },
  params: {
    text: z
      .string()
      .max(1_000_000)
      .default("a red apple")
      .meta({ widget: "textarea", rows: "lines", description: "One text per line; empty lines are left out." }),
  },
  check: ({ text }) =>
    text.trim() ? undefined : { param: "text", message: "There is no text.", hint: "Type at least one line." },
  rowwise: true,
  run: async ({ params }) => ({
    text: params.text
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean),
  }),
});
