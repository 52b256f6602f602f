import type { NodeRun } from "../run-state";

interface Framed {
  isBad: boolean;
  isSelected: boolean;
  status: NodeRun["status"] | undefined;
}

const outlines: { [S in NodeRun["status"]]?: string } = {
  running: "border-accent ring-3 ring-accent/20",
  failed: "border-bad",
};

/** Border and ring of a node: a problem shows before the run, the run before the selection. */
export function frameOf({ isBad, isSelected, status }: Framed): string {
  const plain = isSelected ? "border-accent" : "border-line-strong";
  const border = isBad ? "border-bad" : ((status && outlines[status]) ?? plain);
  return `${border} ${isSelected ? "ring-3 ring-accent/25" : ""}`;
}
