/** What a step gave against what the fixture says, tensor by tensor, and how much was compared. */
import type { Tensor } from "#nodes/core/values";
import { forConfig, type System } from "../system";
import { type Description, type Fixture, valuesUnder } from "./fixtures";
import type { StepTaken } from "./step";

/** What all fixtures together compared. */
export const counts = { steps: 0, tensors: 0, values: 0 };

/** What differs in a step, in the order in which one looks for the reason. */
export function differences(system: System, fixture: Fixture, step: StepTaken, index: number): string[] {
  const { tolerance } = fixture.description;
  const own = (name: string) => system.nameOf?.(name) ?? name;
  const afterOf = (name: string) => step.after.get(own(name));
  const gradientOf = (name: string) => step.values.get(`grad ${own(name)}`);
  const lists: [part: string, got: (name: string) => Tensor | undefined][] = [
    ["mid", (name) => step.values.get(`mid.${name}`)],
    ["loss", (name) => step.values.get(`loss.${name}`)],
    ["grad", gradientOf],
    ["state", afterOf],
    ["after", afterOf],
  ];
  counts.steps++;
  return lists.flatMap(([part, got]) => {
    const wanted = [...valuesUnder(fixture, `step${index}.${part}.`)].filter(([name]) =>
      isCompared(system, fixture, part, name),
    );
    return wanted.flatMap(([name, want]) => difference(`step${index}.${part}.${name}`, got(name), want, tolerance));
  });
}

/** What another optimizer makes of the first step's gradients. */
export function differencesAfter(system: System, fixture: Fixture, step: StepTaken, part: string): string[] {
  const wanted = [...valuesUnder(fixture, `step1.${part}.`)];
  return wanted.flatMap(([name, want]) =>
    difference(`${part}.${name}`, step.after.get(system.nameOf?.(name) ?? name), want, fixture.description.tolerance),
  );
}

/** A batch norm's count of batches is no tensor here: how far statistics move is a number that stays the same. */
const isCount = (name: string): boolean => name.endsWith("num_batches_tracked");

function isCompared(system: System, { description }: Fixture, part: string, name: string): boolean {
  if (part === "state") return !isCount(name);
  if (part !== "mid") return true;
  const table = forConfig<string | undefined>(system.mid, description.config);
  return !(name in table) || table[name] !== undefined;
}

/** The values between that no description of a system has a wire for. */
export function uncompared(systems: readonly System[], { config, intermediates }: Description): string[] {
  const compared = systems.flatMap(({ mid, outside = {} }) =>
    [forConfig<string | undefined>(mid, config), forConfig(outside, config)].flatMap((table) =>
      Object.keys(table).filter((name) => table[name] !== undefined),
    ),
  );
  return Object.keys(intermediates).filter((name) => !compared.includes(name));
}

function difference(
  name: string,
  got: Tensor | undefined,
  want: Tensor,
  { abs, rel }: Description["tolerance"],
): string[] {
  if (!got) return [`${name} was not given`];
  const numbers = Array.from(got.data as ArrayLike<number | bigint>, Number);
  const wanted = Array.from(want.data as ArrayLike<number | bigint>, Number);
  if (numbers.length !== wanted.length) return [`${name} is [${got.shape}] and not [${want.shape}]`];
  counts.tensors++;
  counts.values += wanted.length;
  const isExact = want.dtype !== "float32";
  const bound = isExact ? 0 : abs + rel * Math.max(0, ...wanted.map(Math.abs));
  const errors = wanted.map((value, i) => Math.abs(value - (numbers[i] as number)));
  const worst = errors.reduce((most, error, i) => (!(error <= (errors[most] as number)) ? i : most), 0);
  if ((errors[worst] ?? 0) <= bound) return [];
  return [`${name}[${worst}] of [${want.shape}] is ${numbers[worst]} and not ${wanted[worst]}, within ${bound}`];
}

/** Tensors that must be what they were to the bit, and those that no gradient reaches. */
export function touched(system: System, fixture: Fixture, steps: readonly StepTaken[]): string[] {
  const { frozen, without_gradient: without, tied } = fixture.description;
  const last = steps.at(-1);
  const own = (name: string) => system.nameOf?.(name) ?? name;
  const trained = without.filter((name) => last?.trained.has(own(name))).map((name) => `${name} has a gradient`);
  const twice = Object.keys(tied)
    .filter((name) => last?.after.has(name))
    .map((name) => `${name} is a tensor of its own`);
  const changed = [...frozen, ...without].flatMap((name) => {
    const after = last?.after.get(own(name));
    const before = fixture.weights.get(name);
    if (!after || !before) return [];
    counts.tensors++;
    counts.values += before.data.length;
    const bytesOf = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return bytesOf(after).equals(bytesOf(before)) ? [] : [`${name} has changed`];
  });
  return [...trained, ...twice, ...changed];
}
