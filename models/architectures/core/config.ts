/** The fields that configurations have in common, bounded: a file from anywhere is read here. */
import * as z from "zod";
import { type ActivationName, activationNames } from "../../blocks/activation";

/** A width or a number of rows. */
export const size = (otherwise: number, most = 2 ** 18) => z.int().min(1).max(most).default(otherwise);
/** The rows of a table of tokens. */
export const vocabulary = (otherwise: number) => size(otherwise, 2 ** 22);
export const layers = (otherwise: number) => z.int().min(0).max(1024).default(otherwise);
export const heads = (otherwise: number) => size(otherwise, 1024);
/** How many layers each stage has. */
export const depths = (otherwise: readonly number[]) =>
  z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(64)
    .default([...otherwise])
    .refine((list) => list.reduce((sum, count) => sum + count, 0) <= 1024, "more than 1024 layers in all");
/** How many positions a table holds, or a model was made for. */
export const positions = (otherwise: number) => size(otherwise, 2 ** 24);
export const epsilon = (otherwise: number) => z.number().min(0).max(1).default(otherwise);
export const flag = (otherwise: boolean) => z.boolean().default(otherwise);
export const activation = (otherwise: ActivationName) => z.enum(activationNames).default(otherwise);
/** A field of which one value is known; others change what is computed. */
export const only = <T extends boolean | string>(value: T) =>
  z
    .unknown()
    .refine((given) => given === null || given === value, `only ${value} is known`)
    .optional();
export const share = (otherwise: number) => z.number().min(0).max(1).default(otherwise);

const side = z
  .int()
  .min(1)
  .max(2 ** 16);
/** The side of a square, or height and width. */
export const area = (otherwise: number) =>
  z
    .union([side, z.array(side).length(2)])
    .default(otherwise)
    .transform((given): readonly [number, number] =>
      typeof given === "number" ? [given, given] : [given[0] as number, given[1] as number],
    );

const idNumber = z
  .int()
  .min(-1)
  .max(2 ** 31);
/** A token's id, or several. */
export const tokenId = z.union([idNumber, z.array(idNumber).max(64)]).nullish();

/** How many classes a head has: as many as are named, else as the number says, else two. */
export const labels = {
  id2label: z.record(z.string().max(32), z.unknown()).nullish(),
  num_labels: z
    .int()
    .min(0)
    .max(2 ** 20)
    .nullish(),
  problem_type: z.enum(["regression", "single_label_classification", "multi_label_classification"]).nullish(),
};

export function labelCount({ id2label, num_labels }: { id2label?: object | null; num_labels?: number | null }): number {
  return id2label ? Object.keys(id2label).length : (num_labels ?? 2);
}

/**
 * A configuration inside of another one. Old files of CLIP and BLIP repeat it as `…_config_dict`, which then is what
 * counts.
 */
export function nested<T extends z.ZodType>(schema: T) {
  return z.preprocess((given) => given ?? {}, schema);
}

/** Fields of a whole configuration, where `…_config_dict` stands in for `…_config`. */
export function withConfigDicts<T extends z.ZodType>(schema: T) {
  return z.preprocess((given) => {
    if (typeof given !== "object" || given === null) return given;
    const fields: Record<string, unknown> = { ...given };
    for (const part of ["text_config", "vision_config", "qformer_config"]) {
      const other = fields[`${part}_dict`];
      if (typeof other === "object" && other !== null) fields[part] = other;
    }
    return fields;
  }, schema);
}

/** A tower's configuration, which may lie inside of that of the whole model. */
export function towerConfig<T extends z.ZodType>(part: string, schema: T) {
  return z.preprocess((given) => (given as Record<string, unknown> | null)?.[part] ?? given, schema);
}

/** A configuration of one of several kinds, told apart by its `model_type`. */
export function byModelType<T>(otherwise: string, schemas: Readonly<Record<string, z.ZodType<T>>>) {
  return z.unknown().transform((given, context): T => {
    const fields = typeof given === "object" && given !== null ? given : {};
    const type = "model_type" in fields ? String(fields.model_type) : otherwise;
    const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
    if (!schema) {
      const message = `known here are ${Object.keys(schemas).join(", ")}`;
      context.addIssue({ code: "custom", path: ["model_type"], message });
      return z.NEVER;
    }
    const read = schema.safeParse(fields);
    if (read.success) return read.data;
    for (const { message, path } of read.error.issues) context.addIssue({ code: "custom", message, path: [...path] });
    return z.NEVER;
  });
}
