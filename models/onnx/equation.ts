import { ShapeError } from "./shape";

/**
 * An einsum equation taken apart: the axis labels of each operand and of the result. "..." has become labels of its
 * own.
 */
export interface Equation {
  inputs: readonly (readonly string[])[];
  output: readonly string[];
}

const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/**
 * Reads an equation such as "bhqd,bhkd->bhqk" for operands of these ranks. Without "->" the result has every label that
 * occurs once, in alphabetical order, behind the axes of "...".
 */
export function parseEquation(equation: string, ranks: readonly number[]): Equation {
  const [left = "", right] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  const fail = (reason: string): never => {
    throw new ShapeError(`the equation "${equation}" ${reason}`);
  };
  if (terms.length !== ranks.length) fail(`has ${terms.length} operands, and ${ranks.length} came`);
  const covered = terms.map((term, i) => (ranks[i] as number) - term.replace("...", "").length);
  const open = covered.filter((_, i) => terms[i]?.includes("..."));
  const spare = letters.filter((l) => !equation.includes(l)).slice(0, Math.max(0, ...open));
  if (new Set(open).size > 1)
    fail(`has "..." for ${open.join(" and ")} axes, where ONNX wants it to stand for equally many`);
  const labels = (term: string): string[] => {
    const [before = "", after] = term.split("...");
    return after === undefined ? [...before] : [...before, ...spare, ...after];
  };
  const inputs = terms.map((term, i) => {
    const axes = covered[i] as number;
    const result = labels(term);
    const twice = result.find((l, j) => result.indexOf(l) !== j);
    if (axes < 0 || (axes > 0 && !term.includes("...")))
      fail(`names ${term.replace("...", "").length} axes of operand ${i + 1}, which has ${ranks[i]}`);
    if (twice)
      fail(`names "${twice}" twice in "${term}": take the diagonal with Gather, or multiply with EyeLike and sum`);
    return result;
  });
  const all = inputs.flat();
  const once = [...new Set(all)].filter((l) => !spare.includes(l) && all.indexOf(l) === all.lastIndexOf(l)).toSorted();
  const output = right === undefined ? [...spare, ...once] : labels(right);
  const unknown = output.find((l) => !all.includes(l));
  if (unknown) fail(`gives "${unknown}", which no operand has`);
  return { inputs, output };
}
