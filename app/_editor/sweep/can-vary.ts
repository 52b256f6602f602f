/** Which parameters a sweep can vary. */
import type { Field } from "../widgets/describe";

export type Option = string | boolean;

/** A parameter of the graph, or a constant of it. */
export interface Varied {
  node: string;
  param: string;
}

const numbers: readonly Field["widget"][] = ["number", "slider", "seed"];
const words: readonly Field["widget"][] = ["text", "textarea"];

export const isNumber = ({ widget }: Field): boolean => numbers.includes(widget);

/** What a parameter can be where there are only a few ways. */
export function optionsOf({ widget, options }: Field): readonly Option[] | undefined {
  if (widget === "toggle") return [false, true];
  return widget === "select" ? options : undefined;
}

export const canVary = (field: Field): boolean =>
  isNumber(field) || words.includes(field.widget) || optionsOf(field) !== undefined;
