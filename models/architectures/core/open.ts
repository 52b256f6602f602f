/** From the text of a config.json to a model that can be built. */
import * as z from "zod";
import { jsonFlaws } from "../../files/json-text";
import { cutText } from "../../files/text";
import { families } from "../families.gen";
import type { Architecture, OpenArchitecture, Options } from "./architecture";

/** A configuration that no model can be built from, and what to do. */
export class ConfigError extends Error {
  constructor(
    what: string,
    readonly hint: string,
  ) {
    super(what);
  }
}

export interface OpenedConfig extends OpenArchitecture {
  /** The class of transformers that it is. */
  className: string;
  /** All of config.json, for what else is read from it. */
  json: Readonly<Record<string, unknown>>;
}

/** Every class that is known, by its name. */
const classes: ReadonlyMap<string, Architecture> = new Map(
  families.flatMap((family) => Object.entries(family.classes)),
);
const byModelType: ReadonlyMap<string, string> = new Map(
  families.flatMap((family) => Object.entries(family.modelTypes)),
);

export const classNames: readonly string[] = [...classes.keys()].sort();

const mostBytes = 4_000_000;

/**
 * Reads a config.json. `options` are those of a call: where they bear the name of one of its fields they stand for it.
 * `className` names another class than the file does, such as a tower of the model.
 */
export function openConfig(text: string, options: Options = {}, className?: string): OpenedConfig {
  const json = parsed(text);
  const chosen = className ?? classOf(json);
  const known = classes.get(chosen);
  if (!known) throw unknownClass(chosen);
  const replaced = Object.entries(options).filter(([name]) => known.fields.includes(name));
  try {
    return { ...known.open({ ...json, ...Object.fromEntries(replaced) }), className: chosen, json };
  } catch (error) {
    if (error instanceof z.ZodError) throw fieldError(error);
    throw error;
  }
}

/** The text as an object. */
export function parsed(text: string, file = "config.json"): Record<string, unknown> {
  const hint = "Download the file again, or save the model again with save_pretrained.";
  if (text.length > mostBytes) throw new ConfigError(`${file} has more than ${mostBytes} letters.`, hint);
  if (jsonFlaws(text, 32).some(({ kind }) => kind !== "duplicate"))
    throw new ConfigError(`${file} is nested too deeply, or names “__proto__”.`, hint);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const isNumber = /\b(NaN|-?Infinity)\b/.test(text) ? " It holds NaN or Infinity, which JSON has not." : "";
    throw new ConfigError(`${file} is no JSON: ${(error as Error).message}.${isNumber}`, hint);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new ConfigError(`${file} holds no object.`, hint);
  return json as Record<string, unknown>;
}

function classOf({ architectures, model_type: type }: Record<string, unknown>): string {
  const named = Array.isArray(architectures) ? architectures.filter((name) => typeof name === "string") : [];
  const known = named.find((name) => classes.has(name));
  const byType = typeof type === "string" ? byModelType.get(type) : undefined;
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
    `The architecture “${cutText(name, 80, "…")}” is not known. Known are ${classNames.join(", ")}.`,
    "Export the model as ONNX (optimum-cli export onnx) and take it in with the node “ONNX model”.",
  );
}

/** The first field that is wrong. */
function fieldError(error: z.ZodError): ConfigError {
  const [issue] = error.issues;
  const field = issue?.path.join(".") || "(the whole)";
  return new ConfigError(
    `config.json: “${cutText(field, 100, "…")}” cannot be used: ${issue?.message ?? "it is wrong"}.`,
    "Correct the field, or download config.json again.",
  );
}
