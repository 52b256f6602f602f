/** Fixtures of whole training steps: folders with a step.json, in tests/fixtures/systems or in PATCHBAY_SYSTEMS. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readSafetensors, type StoredTensor } from "#models/files/safetensors";
import type { Tensor } from "#nodes/core/values";
import type { Config, OptimizerSpec } from "../system";

export interface Description {
  fixture: string;
  system: string;
  config: Config;
  steps: number;
  optimizer?: OptimizerSpec | null;
  /** Optimizers whose step from the same gradients is kept too, as `after-KIND`. */
  also: OptimizerSpec[];
  frozen: string[];
  without_gradient: string[];
  zero_gradient: string[];
  /** Second names of tensors, with the name that they are called by. */
  tied: Record<string, string>;
  not_trained_state: string[];
  tolerance: { abs: number; rel: number };
  losses: Record<string, unknown>;
  intermediates: Record<string, unknown>;
}

export interface Fixture {
  folder: string;
  description: Description;
  /** The values of the steps, by the names in the file. */
  values: ReadonlyMap<string, Tensor>;
  weights: ReadonlyMap<string, Tensor>;
  /** The checkpoint as it lies in its file. */
  file: Uint8Array;
}

const set = process.env.PATCHBAY_SYSTEMS ?? resolve("tests/fixtures/systems");

/** The folders of the set, and the system that each is of. */
export function fixtureFolders(): { folder: string; description: Description }[] {
  const names = readdirSync(set, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names
    .map(({ name }) => join(set, name))
    .flatMap((folder) => {
      const description = descriptionIn(folder);
      return description ? [{ folder, description }] : [];
    });
}

function descriptionIn(folder: string): Description | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "step.json"), "utf8")) as Description;
  } catch {
    return undefined;
  }
}

export function openFixture({ folder, description }: ReturnType<typeof fixtureFolders>[number]): Fixture {
  return {
    folder,
    description,
    values: tensorsIn(join(folder, "step.safetensors")),
    weights: tensorsIn(join(folder, "weights.safetensors")),
    file: readFileSync(join(folder, "weights.safetensors")),
  };
}

function tensorsIn(path: string): Map<string, Tensor> {
  const { tensors } = readSafetensors(readFileSync(path));
  return new Map([...tensors].map(([name, stored]) => [name, tensorOf(name, stored)]));
}

function tensorOf(name: string, { dtype, shape, data }: StoredTensor): Tensor {
  const { buffer } = data.slice();
  if (dtype === "F32") return { dtype: "float32", shape, data: new Float32Array(buffer) };
  if (dtype === "I64") return { dtype: "int64", shape, data: new BigInt64Array(buffer) };
  if (dtype === "BOOL" || dtype === "U8") return { dtype: "bool", shape, data: new Uint8Array(buffer) };
  throw new Error(`${name} has the element type ${dtype}`);
}

/** The names behind a beginning such as "step1.grad.", with their values. */
export function valuesUnder({ values }: Fixture, beginning: string): Map<string, Tensor> {
  const found = [...values].filter(([name]) => name.startsWith(beginning));
  return new Map(found.map(([name, tensor]) => [name.slice(beginning.length), tensor]));
}
