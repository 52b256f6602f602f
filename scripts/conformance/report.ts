import type { Attempt } from "./attempt";

/** ONNX Runtime passes it, and Patchbay does not. */
export const isWorse = ({ raw, patchbay }: Attempt): boolean => raw.passed && !patchbay.passed;

/** docs/onnx.md. */
export function report(attempts: readonly Attempt[]): string {
  const passed = attempts.filter(({ patchbay }) => patchbay.passed);
  const raw = attempts.filter((one) => one.raw.passed);
  const asOps = passed.filter(({ asIs }) => asIs === undefined);
  const differentiable = asOps.filter(({ gradient }) => gradient !== undefined);
  const trained = differentiable.filter(({ gradient }) => gradient?.passed);
  const worse = attempts.filter(isWorse);
  return `# ONNX conformance

Written by \`npm run onnx:conformance\`: ONNX's own conformance suite, as Debian packs it (\`libonnx-testdata\`), run by
ONNX Runtime alone and in Patchbay, and compared with the outputs that the suite gives. A model becomes ops of a graph,
which train, where all of it can be translated; otherwise it runs as the file is.

| | models |
| --- | --- |
| in the suite | ${attempts.length} |
| ONNX Runtime (onnxruntime-node) passes | ${raw.length} |
| of these Patchbay passes | ${raw.length - worse.length} |
| Patchbay passes, ONNX Runtime does not | ${passed.length - (raw.length - worse.length)} |
| become ops and pass | ${asOps.length} |
| run as the file is and pass | ${passed.length - asOps.length} |
| have floats to differentiate, of those that become ops | ${differentiable.length} |
| train: their gradients are computed | ${trained.length} |
${worse.length ? `\n## What ONNX Runtime passes and Patchbay does not\n\n${worseTable(worse)}` : ""}
## Why models run as the file is

${reasonTable(passed)}
## Why ONNX Runtime does not pass a model

${countTable(attempts.flatMap(({ raw: one }) => (one.passed ? [] : [runtimeReason(one.why)])))}`;
}

const worseTable = (worse: readonly Attempt[]): string =>
  table(
    ["model", "in Patchbay"],
    worse.map(({ name, patchbay }) => [name, patchbay.passed ? "" : patchbay.why]),
  );

/** Reasons with the ops that they are said of. */
function reasonTable(passed: readonly Attempt[]): string {
  const kinds = new Map<string, { count: number; ops: Set<string> }>();
  for (const { asIs } of passed) {
    if (asIs === undefined) continue;
    const { op, reason } = partsOf(asIs);
    const kind = kinds.get(reason) ?? { count: 0, ops: new Set() };
    kinds.set(reason, { count: kind.count + 1, ops: op ? kind.ops.add(op) : kind.ops });
  }
  const rows = [...kinds].toSorted(([a, p], [b, q]) => q.count - p.count || (a < b ? -1 : 1));
  return table(
    ["reason", "models", "ops"],
    rows.map(([reason, { count, ops }]) => [reason, String(count), [...ops].toSorted().join(", ")]),
  );
}

/** The op that a reason names, and the reason without it and without the names of one model. */
function partsOf(asIs: string): { op?: string; reason: string } {
  const general = asIs.replace(/ \(node [^)]*\)/g, "").replace(/(\b(input|axis|opset)) \d+/g, "$1 …");
  const [, translated, why] = /^(\S+) “[^”]*” cannot be translated: (?:\1: )?(.*)$/.exec(general) ?? [];
  if (why) return { op: translated, reason: why.replace(/\[[^\]]*\]/g, "[…]") };
  const [, op, rest] = /^“([^”]*)” (.*)$/.exec(general) ?? [];
  return rest ? { op, reason: rest } : { reason: general };
}

const runtimeReason = (why: string): string => {
  if (why.startsWith("Could not find an implementation")) return "no kernel of that version of the op";
  if (/is expected$|is missing$/.test(why)) return "other numbers than the suite's";
  return /sequences|optional|elements of type|no inputs and outputs/.test(why)
    ? why
    : "the file or its data is refused";
};

function countTable(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const rows = [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return table(
    ["reason", "models"],
    rows.map(([reason, count]) => [reason, String(count)]),
  );
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
