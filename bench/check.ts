/**
 * What the check of a graph costs the processor, by the number of its nodes: the first one, the one behind an edit that
 * every node of a row sees, and the plan of a run. `npm run bench:check -- [edits]`.
 */
import { checkDocument } from "../app/_editor/checked";
import { setParam } from "#nodes/graph/edits";
import { leaves, plan, signatures } from "#nodes/graph/plan";
import { sha256 } from "#server/storage/blobs";
import { rows } from "./editor/rows";
import { median } from "./vit";

const edits = Number(process.argv[2] ?? 40);
checkDocument(rows(80)); // warms up
for (const nodes of [200, 1000, 2000]) console.log(JSON.stringify({ bench: "check", nodes, ...measured(nodes) }));

function measured(nodes: number): Record<string, number> {
  let document = rows(nodes);
  let checked = checkDocument(document);
  const firstMs = cpuOf(() => checkDocument(rows(nodes)));
  const times = Array.from({ length: edits }, (_, i) => {
    document = setParam(document, "n1", "width", 33 + i); // its pictures are of another size from there on
    return cpuOf(() => {
      checked = checkDocument(document, checked);
    });
  });
  if (checked.problems.some(({ severity }) => severity === "error")) throw new Error("the graph is wrong");
  const planMs = cpuOf(() => {
    signatures(checked.graph, sha256);
    plan(checked.graph, leaves(checked.graph), () => false);
  });
  return { firstMs, editMs: Number(median(times).toFixed(2)), slowestEditMs: Math.max(...times), planMs };
}

/** Milliseconds of the processor. */
function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return Number(((user + system) / 1000).toFixed(2));
}
