/** The colours that frames and notes can have, as the names of the variables that they are drawn in. */
import type { Colour } from "#nodes/graph/document";

export const hueNames: Readonly<Record<Colour, string>> = {
  grey: "--ink-3",
  blue: "--port-series",
  green: "--port-text",
  yellow: "--port-ranking",
  red: "--port-weights",
  violet: "--port-tokenizer",
};

export const hueOf = (colour: Colour | undefined): string => `var(${hueNames[colour ?? "grey"]})`;
