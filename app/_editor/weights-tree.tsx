"use client";

import { ChevronRight } from "lucide-react";
import { useMemo } from "react";
import { bytesOfNumber, type Parameter, parametersOf } from "#nodes/graph/weights-tree";
import { size } from "../_ui/amounts";
import { cx } from "../_ui/cx";
import { useChecked, useEditor, wayTo } from "./context";

/** The weights in which a node has a part, as a tree by their names: how many there are, and which of them train. */
export function WeightsTree({ id }: { id: string }) {
  const checked = useChecked();
  const way = useEditor((state) => wayTo(state, id));
  const parameters = useMemo(() => parametersOf(checked, way), [checked, way]);
  const root = useMemo(() => treeOf(parameters), [parameters]);
  if (!parameters.length)
    return <p className="py-1 text-xs text-ink-3">Not known yet: wire what it computes on first.</p>;
  return (
    <div className="mt-1" data-weights>
      <p className="mb-1.5 text-xs text-ink-2">{totalText(root)}</p>
      <ul>
        {[...root.parts.values()].map((branch) => (
          <Branch key={branch.name} branch={branch} isOpen={root.parts.size === 1} />
        ))}
      </ul>
      <p className="mt-1.5 text-2xs text-ink-3">
        As float32, before anything is loaded. Stages of a training may let less of it train.
      </p>
    </div>
  );
}

interface TreePart {
  name: string;
  parts: Map<string, TreePart>;
  count: number;
  trains: number;
  leaf?: Parameter;
}

/** Names are ways: "vision.blocks.0.qkv.weight". A part with one part in it is one with that. */
function treeOf(parameters: readonly Parameter[]): TreePart {
  const root: TreePart = { name: "", parts: new Map(), count: 0, trains: 0 };
  for (const parameter of parameters) {
    let place = root;
    const trains = parameter.state === "trains" ? parameter.count : 0;
    for (const step of ["", ...parameter.name.split(".")]) {
      if (step !== "") {
        const next = place.parts.get(step) ?? { name: step, parts: new Map(), count: 0, trains: 0 };
        place.parts.set(step, next);
        place = next;
      }
      place.count += parameter.count;
      place.trains += trains;
    }
    place.leaf = parameter;
  }
  return { ...root, parts: new Map([...root.parts].map(([name, part]) => [name, joined(part)])) };
}

function joined(part: TreePart): TreePart {
  const [only, ...others] = part.parts.values();
  if (only && !others.length && !part.leaf) return joined({ ...only, name: `${part.name}.${only.name}` });
  return { ...part, parts: new Map([...part.parts].map(([name, each]) => [name, joined(each)])) };
}

interface BranchProps {
  branch: TreePart;
  isOpen?: boolean;
  /** The branch that it is a part of. */
  around?: TreePart;
}

function Branch({ branch, isOpen, around }: BranchProps) {
  const { name, parts, leaf } = branch;
  const line = (
    <>
      <span className="flex min-w-0 flex-1 flex-wrap gap-x-1.5" title={leaf?.name}>
        <span className="wrap-anywhere">{name}</span>
        {leaf && <span className="text-ink-3">[{leaf.shape.join(", ")}]</span>}
      </span>
      <span className="shrink-0 text-ink-3 tabular-nums">{shortCount(branch.count)}</span>
      <StateMark branch={branch} around={around} />
    </>
  );
  const look = "flex items-center gap-2 py-0.5 font-mono text-2xs";
  if (!parts.size) return <li className={cx(look, "pl-3.5")}>{line}</li>;
  return (
    <li>
      <details open={isOpen}>
        <summary className={cx(look, "cursor-pointer list-none")}>
          <ChevronRight className="-mr-1 size-3 shrink-0 text-ink-3 [[open]>summary>&]:rotate-90" aria-hidden />
          {line}
        </summary>
        <ul className="ml-1.5 border-l border-line pl-2">
          {[...parts.values()].map((part) => (
            <Branch key={part.name} branch={part} around={branch} />
          ))}
        </ul>
      </details>
    </li>
  );
}

/** How much of a branch trains; nothing where all of what it is a part of is the same. */
function StateMark({ branch, around }: { branch: TreePart; around: TreePart | undefined }) {
  const { trains } = branch;
  const text = stateOf(branch);
  if (around && stateOf(around) === text) return <span className="w-12 shrink-0" />;
  return (
    <span
      className={cx(
        "w-12 shrink-0 rounded px-1 text-center text-2xs",
        trains > 0 ? "bg-accent-soft text-accent" : "bg-sunken text-ink-2",
      )}
    >
      {text}
    </span>
  );
}

function stateOf({ count, trains, leaf }: TreePart): string {
  if (leaf) return leaf.state;
  if (trains === count) return "trains";
  return trains > 0 ? `${Math.round((100 * trains) / count)} %` : "frozen";
}

function totalText({ count, trains }: TreePart): string {
  const all = `${count.toLocaleString()} parameters, ${size(count * bytesOfNumber)}`;
  if (trains === count) return `${all}; all of them train.`;
  return trains === 0 ? `${all}; none of them trains.` : `${all}; ${trains.toLocaleString()} train.`;
}

/** "1.2 M", "34 k". */
function shortCount(count: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(count);
}
