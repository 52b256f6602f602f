/** The JSON files of a model's folder, read with care: they come from anywhere. */
import { jsonFlaws } from "../../files/json-text";

/** A configuration that no model can be built from, and what to do. */
export class ConfigError extends Error {
  constructor(
    what: string,
    readonly hint: string,
  ) {
    super(what);
  }
}

const mostBytes = 4_000_000;

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
