/** The fixtures of the hub's models, or another set of the same layout: PATCHBAY_CONFORMANCE names its folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { tensorsIn } from "#server/runtime/hugging-face/tensor-files";
import type { Tensor } from "#nodes/core/values";

export const setFolder = resolve(process.env.PATCHBAY_CONFORMANCE ?? "tests/fixtures/conformance");

/** One call of a model, as `expected.json` describes it. */
export interface Case {
  name: string;
  call: string;
  /** Arguments to tensors of `expected.safetensors`; so are the outputs, by their paths. */
  inputs: Record<string, string>;
  outputs: Record<string, string>;
  kwargs?: Record<string, unknown> | null;
  /** Entries of the configuration that stand for those of the file. */
  config?: Record<string, unknown>;
  /** Only these positions of an output are stored. */
  rows?: Record<string, number[]>;
  /** Hidden states count only where `attention_mask` is 1. */
  masked?: boolean;
  /** No end-of-text token. */
  ignore_eos?: boolean;
}

export interface Expected {
  class: string;
  tolerance: { abs: number; rel: number };
  cases: Case[];
  tensors: Record<string, Tensor>;
}

/** A folder that answers a case of the set. */
export interface ModelEntry {
  /** Its path in the set. */
  name: string;
  folder: string;
  /** Where its weights lie, if not there. */
  weights?: string;
  expected: Expected;
  /** Outputs that this folder's writer names otherwise. */
}

/** Every folder with a model or an adapter for which answers are known. */
export function modelEntries(): ModelEntry[] {
  return foldersIn(setFolder).flatMap((folder) => {
    const about = jsonIn(folder, "about.json") as { expected?: string; weights?: string; base?: string } | undefined;
    const path = about?.expected ? resolve(folder, about.expected) : join(folder, "expected.json");
    const isModel = existsSync(join(folder, "config.json")) || existsSync(join(folder, "adapter_config.json"));
    if (!isModel || !existsSync(path)) return [];
    const expected = expectedIn(dirname(path));
    if (!expected) return [];
    const elsewhere = about?.weights !== undefined && about.weights !== "here" ? about.weights : undefined;
    const base = existsSync(join(folder, "adapter_config.json")) ? about?.base : undefined;
    const weights = elsewhere ?? base;
    return [
      {
        name: relative(setFolder, folder),
        folder,
        weights: weights === undefined ? undefined : resolve(folder, weights),
        expected,
      },
    ];
  });
}

const known = new Map<string, Expected | undefined>();

function expectedIn(folder: string): Expected | undefined {
  if (!known.has(folder)) known.set(folder, readExpected(folder));
  return known.get(folder);
}

function readExpected(folder: string): Expected | undefined {
  const json = jsonIn(folder, "expected.json") as Omit<Expected, "tensors"> | undefined;
  const isCalls = Array.isArray(json?.cases) && json.cases.every((one) => "call" in one && "outputs" in one);
  if (!json || !isCalls) return undefined;
  return { ...json, tensors: tensorsIn(readFileSync(join(folder, "expected.safetensors"))) };
}

function foldersIn(folder: string): string[] {
  const inner = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return [folder, ...inner.flatMap((name) => foldersIn(join(folder, name)))];
}

function jsonIn(folder: string, name: string): unknown {
  const path = join(folder, name);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}
