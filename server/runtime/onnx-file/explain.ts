import { Failure } from "../../errors";

/** What ONNX Runtime says of a file that it does not open, in our words. */
export function explainOpening(error: unknown, name: string): Failure {
  const text = error instanceof Error ? error.message : String(error);
  for (const [pattern, explain] of openings) {
    const found = pattern.exec(text);
    if (found) return new Failure({ ...explain(found, name) }, { cause: error });
  }
  return new Failure(
    {
      message: `ONNX Runtime does not open “${name}”: ${summary(text)}.`,
      hint: "Check the file with onnx.checker.check_model, or export it again.",
    },
    { cause: error },
  );
}

/** What ONNX Runtime says when a model fails on its inputs, in our words. */
export function explainRunning(error: unknown, name: string): Failure {
  const text = error instanceof Error ? error.message : String(error);
  const node = /while running (\S+) node\. Name:'([^']*)'/.exec(text);
  const where = node ? ` at its ${node[1]} “${node[2]}”` : "";
  return new Failure(
    {
      message: `“${name}” fails on these inputs${where}: ${summary(text)}.`,
      hint: "Check that what is wired to it has the shapes and the numbers that the model was exported for.",
    },
    { cause: error },
  );
}

type Told = { message: string; hint: string };
const openings: [RegExp, (found: RegExpExecArray, name: string) => Told][] = [
  [
    /Could not find an implementation for (\w+)\((\d+)\) node with name '([^']*)'/,
    ([, op, version, node], name) => ({
      message:
        `ONNX Runtime cannot compute “${name}” on this machine: ` +
        `it has no ${op} (version ${version}) for the element types of node “${node}”.`,
      hint: "Export the model with other element types, such as float32.",
    }),
  ],
  [
    /(?:No Op registered for|Fatal error:) ([\w.:]+)(?: with domain_version of (\d+)|\(-?\d+\) is not a registered function\/op)/,
    ([, op = ""], name) => ({
      message: `ONNX Runtime does not know the op “${op.replace(/^:+/, "")}” of “${name}”.`,
      hint: "It comes from an extension or a newer version. Export the model with ops of ONNX.",
    }),
  ],
  [
    /[Uu]nsupported model IR version: (\d+), max supported IR version: (\d+)/,
    ([, version, last], name) => ({
      message:
        `“${name}” was written by a newer exporter: IR version ${version}, ` +
        `and ${last} is the last that ONNX Runtime reads here.`,
      hint: "Export it with an older version of onnx, or update Patchbay.",
    }),
  ],
  [
    /Opset (\d+) is under development|is till opset (\d+)/,
    ([, opset, last], name) => ({
      message: `“${name}” uses an opset that ONNX Runtime does not read yet${(opset ?? last) ? ` (${opset ?? last})` : ""}.`,
      hint: "Export it with a lower opset_version.",
    }),
  ],
  [
    /(?:External initializer|TensorProto): (.+?) (?:offset: .*out of bounds|external data size mismatch)/,
    ([, tensor], name) => ({
      message: `The numbers of “${tensor}” in the file beside “${name}” are not as many as the model says.`,
      hint: "The two files do not belong together, or one was cut off. Export or download them again.",
    }),
  ],
  [
    /Failed to construct locale with name:([\w.@-]+?):/,
    ([, locale], name) => ({
      message: `“${name}” compares or changes letters as “${locale}” does, a locale that this machine lacks.`,
      hint: "Install that locale, or export the model without StringNormalizer changing letters.",
    }),
  ],
  [
    /bad_alloc|Failed to allocate memory/,
    (_, name) => ({
      message: `There is not enough memory to open “${name}”.`,
      hint: "Close other programs, or take a smaller or quantized model.",
    }),
  ],
];

/** The last clause of a runtime message, without file names, codes and addresses. */
const summary = (text: string): string =>
  (text.split("\n", 1)[0] as string)
    .replace(/^.*?(?:failed:|Status Message:|Message:)\s*/i, "")
    .replace(/(?:\/?[\w.-]+\/)+[\w.-]+(?::\d+)?/g, "")
    .replace(/\[ONNXRuntimeError\]|\b[A-Z_]+ : \d+ :|\d+ : [A-Z_]+ : /g, "")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/\.$/, "")
    .slice(0, 240) || "it says no reason";
