/** Fixtures of large multimodal models, or another set of the same layout: PATCHBAY_LMM names its folder. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { tensorsIn } from "#server/runtime/hugging-face/tensor-files";
import type { Tensor } from "#nodes/core/values";

export const setFolder = resolve(process.env.PATCHBAY_LMM ?? "tests/fixtures/lmm");

export const hasPart = (part: string): boolean => existsSync(join(setFolder, part));

export const jsonOf = <T>(...path: string[]): T => JSON.parse(readFileSync(join(setFolder, ...path), "utf8")) as T;

export const tensorsOf = (...path: string[]): Record<string, Tensor> =>
  tensorsIn(readFileSync(join(setFolder, ...path)));
