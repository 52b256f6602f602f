/** Low-rank adapters beside the matrices that they adapt: found in a checkpoint, and by what they are scaled. */
import type { TensorAddress } from "#models/files/checkpoint";
import { nameFinder, type NameRules } from "#models/architectures/core/names";
import { matches } from "#models/patterns";
import type { Weights } from "./values";

export type AdapterSettings = NonNullable<Weights["lora"]>[number];

/** The adapter on a matrix: its name fits a pattern, or is what its node makes of a name in a file. */
export function adapterOn(
  name: string,
  lora: readonly AdapterSettings[],
  foreign?: { name: string; rules: NameRules },
): AdapterSettings | undefined {
  return lora.find(
    ({ targets }) =>
      matches(name, targets) || (foreign && nameFinder(targets, foreign.rules)(foreign.name) !== undefined),
  );
}

/** What A·B is multiplied by: α / rank, or α / √rank where it is rank-stabilized (Kalajdzievski 2023). */
export const adapterScale = ({ rank, alpha, stabilized }: AdapterSettings): number =>
  alpha / (stabilized ? Math.sqrt(rank) : rank);

/** Along which axis of an adapted matrix the numbers lie that one output reads: 0 in our own [in, out]. */
export function inputAxisOf(
  { inputAxis }: AdapterSettings,
  foreign: { name: string; rules: NameRules } | undefined,
): 0 | 1 {
  if (inputAxis !== undefined) return inputAxis;
  return foreign && !foreign.rules.transposed?.test(foreign.name) ? 1 : 0;
}

/** The Euclidean length of what each output reads, of a matrix of so many rows and columns. */
export function lengthsOf(
  numbers: ArrayLike<number>,
  [rows, columns]: readonly [rows: number, columns: number],
  inputAxis: 0 | 1,
): Float64Array {
  const sums = new Float64Array(inputAxis ? rows : columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const number = numbers[row * columns + column] as number;
      const output = inputAxis ? row : column;
      sums[output] = (sums[output] as number) + number * number;
    }
  }
  return sums.map(Math.sqrt);
}

/** For a matrix W [n, m]: W + scale · A·B. With DoRA each output's numbers are then of length ‖W‖ + M. */
export interface FoundAdapter {
  /** [n, rank] and [rank, m]. */
  a: TensorAddress;
  b: TensorAddress;
  /** By how much each output is longer than in W, where that is trained: [outputs]. */
  m?: TensorAddress;
  settings: AdapterSettings;
}

/** The adapters of a checkpoint, by the name of the matrix that they adapt, which may lie elsewhere. */
export function adaptersIn(
  tensors: ReadonlyMap<string, TensorAddress>,
  lora: readonly AdapterSettings[],
): Map<string, FoundAdapter> {
  const found = new Map<string, FoundAdapter>();
  for (const [part, a] of tensors) {
    if (!part.endsWith(".lora_A")) continue;
    const name = part.slice(0, -".lora_A".length);
    const b = tensors.get(`${name}.lora_B`);
    if (!b) continue;
    const settings = settingsFor(name, lora);
    const m = tensors.get(`${name}.lora_M`);
    refuseMisfit(name, { a, b, settings }, tensors.get(name)?.shape);
    found.set(name, { a, b, ...(m && { m }), settings });
  }
  return found;
}

function settingsFor(name: string, lora: readonly AdapterSettings[]): AdapterSettings {
  const settings = lora.find(({ targets }) => matches(name, targets));
  if (settings) return settings;
  throw Object.assign(new Error(`The checkpoint does not say by what the adapter of “${name}” is scaled.`), {
    hint: "Put a LoRA node between the checkpoint and this node, with the rank and alpha it was trained with.",
  });
}

function refuseMisfit(name: string, { a, b, settings: { rank } }: FoundAdapter, base?: readonly number[]): void {
  const [n, m] = base ?? [a.shape[0], b.shape[1]];
  if (a.shape.join() === [n, rank].join() && b.shape.join() === [rank, m].join()) return;
  throw Object.assign(
    new Error(
      `The adapter of “${name}” [${[n, m].join(", ")}] is [${a.shape.join(", ")}] and [${b.shape.join(", ")}], ` +
        `which is not of rank ${rank}.`,
    ),
    { hint: "Set the rank of the LoRA node before this one to that of the training." },
  );
}

/** A matrix of so many rows and columns, laid the other way round. */
export function transposedMatrix(
  numbers: Float32Array,
  [rows, columns]: readonly [number, number],
): Float32Array<ArrayBuffer> {
  return new Float32Array(numbers.length).map((_, place) => {
    const row = place % rows;
    return numbers[row * columns + Math.floor(place / rows)] as number;
  });
}
