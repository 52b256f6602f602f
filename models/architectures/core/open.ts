/** From the text of a config.json to a model that can be built. */
import * as z from "zod";
import { cutText } from "../../files/text";
import { ConfigError, parsed } from "./json";
import { families } from "./known-families";
import type { Architecture, OpenArchitecture, Options } from "./architecture";

export interface OpenedConfig extends OpenArchitecture {
  /** The class of transformers that it is. */
  className: string;
  /** All of config.json, for what else is read from it. */
  json: Readonly<Record<string, unknown>>;
}

/** The class of a name. Families may come later than this file. */
const classNamed = (name: string): Architecture | undefined =>
  families.find(({ classes }) => Object.hasOwn(classes, name))?.classes[name];

/** Every class that is known, by its name. */
export const classNames = (): readonly string[] => families.flatMap(({ classes }) => Object.keys(classes)).sort();

/**
 * Reads a config.json. `options` are those of a call: where they bear the name of one of its fields they stand for it.
 * `className` names another class than the file does, such as a tower of the model.
 */
export function openConfig(text: string, options: Options = {}, className?: string): OpenedConfig {
  const json = parsed(text);
  const chosen = className ?? classOf(json);
  const known = classNamed(chosen);
  if (!known) throw unknownClass(chosen);
  refuseQuantized(json);
  const replaced = Object.entries(options).filter(([name]) => known.fields.includes(name));
  try {
    return { ...known.open({ ...json, ...Object.fromEntries(replaced) }), className: chosen, json };
  } catch (error) {
    if (error instanceof z.ZodError) throw fieldError(error);
    throw new ConfigError(`config.json: ${(error as Error).message}.`, correctField);
  }
}

/** Weights that were made smaller lie in files under other names, in other layouts. */
function refuseQuantized({ quantization_config: given }: Record<string, unknown>): void {
  if (typeof given !== "object" || given === null) return;
  const method = "quant_method" in given ? cutText(String(given.quant_method), 80, "…") : "no method named";
  throw new ConfigError(
    `config.json: the weights are quantized (“quantization_config”: ${method}), and such are not read.`,
    "Choose the model as it was before, in float16, bfloat16 or float32, or a GGUF file of it.",
  );
}

/** The class that a `model_type` means. */
const classOfType = (type: string): string | undefined =>
  families.find(({ modelTypes }) => Object.hasOwn(modelTypes, type))?.modelTypes[type];

function classOf({ architectures, model_type: type }: Record<string, unknown>): string {
  const named = Array.isArray(architectures) ? architectures.filter((name) => typeof name === "string") : [];
  const known = named.find((name) => classNamed(name) !== undefined);
  const byType = typeof type === "string" ? classOfType(type) : undefined;
  const chosen = known ?? (named.length ? String(named[0]) : byType);
  if (chosen !== undefined) return chosen;
  if (typeof type === "string") throw unknownClass(type);
  throw new ConfigError(
    "config.json names neither “architectures” nor a “model_type”, so it cannot be told what model it is.",
    "Choose the folder of a model that transformers saved.",
  );
}

function unknownClass(name: string): ConfigError {
  return new ConfigError(
    `The architecture “${cutText(name, 80, "…")}” is not known. Known are ${classNames().join(", ")}.`,
    "Export the model as ONNX (optimum-cli export onnx) and take it in with the node “ONNX model”.",
  );
}

/** The first field that is wrong. */
function fieldError(error: z.ZodError): ConfigError {
  const [issue] = error.issues;
  const field = issue?.path.join(".") || "(the whole)";
  return new ConfigError(
    `config.json: “${cutText(field, 100, "…")}” cannot be used: ${issue?.message ?? "it is wrong"}.`,
    correctField,
  );
}

const correctField = "Correct the field, or download config.json again.";
