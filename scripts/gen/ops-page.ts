/** docs/ops.md: what a graph may be made of, and what of it trains. */
import { type Coverage, coverage } from "#models/onnx/import/coverage";

const gradientWords = { rule: "yes", none: "stops here", unwritten: "not written" };

export function opsPage(): string {
  const rows = coverage().map((entry) => `| ${entry.op} | ${gradientWords[entry.gradient]} | ${inFile(entry)} |`);
  return `# Ops

Written by \`npm run gen\` from \`models/onnx/ops\`, \`models/onnx/gradients\` and \`models/onnx/import\`. What a graph
may be made of and an imported file may hold, whether training passes it, and what stands for it in the ONNX files that
are written (opset 21). Every shape and every gradient is checked against ONNX Runtime in \`models/onnx/ops.test.ts\`.

| op | gradient | in ONNX |
| --- | --- | --- |
${rows.join("\n")}
`;
}

/** What stands for the op in an ONNX file. */
function inFile({ written }: Coverage): string {
  return written === "several" ? "as several ops" : written.join(", ") || "as a constant";
}
