/**
 * Parts of zod that the browser would load and never use: its messages in fifty languages, the compiler of schemas, and
 * the former generator of JSON schemas, which nobody here calls.
 */
const kept = {
  "locales/index.js": 'export { default as en } from "./en.js";',
  "core/json-schema-generator.js": "export class JSONSchemaGenerator {}",
  "core/compile.js": [
    'export const INVALID = Symbol.for("zod.compile.invalid");',
    "export class ZodCompileAsyncError extends Error {}",
    "export class ZodCompileUnsupportedError extends Error {}",
    ...["compile", "withParser", "compileFn"].map(
      (name) => `export const ${name} = () => { throw new Error("zod's ${name} is not in the browser"); };`,
    ),
  ].join("\n"),
};

module.exports = function zodParts(source) {
  const part = Object.keys(kept).find((name) => this.resourcePath.endsWith(name));
  return part === undefined ? source : kept[part];
};
