/** Where an edit is tried: the graph itself, or the inside of a composite, with what the real check says of it. */
import type { NodeDefinition } from "../core/node";
import type { Port } from "../core/ports";
import { registry as everyNode } from "../registry.gen";
import { check, newError } from "./check";
import type { CheckMemory } from "./check-memory";
import { within } from "./composite-edits";
import { insideOf, isBoundary } from "./composites";
import type { Endpoint, GraphDocument } from "./document";
import type { Objection } from "./problem";
import { definitionOf, type Registry } from "./resolve";

export interface Site {
  document: GraphDocument;
  /** The composite whose inside is edited. */
  composite?: string;
  registry?: Registry;
  memory?: CheckMemory;
}
export type Change = (level: GraphDocument) => GraphDocument;

/** The graph that is edited, with its nodes and wires. */
export function levelOf({ document, composite }: Site): GraphDocument {
  return (composite === undefined ? document : insideOf(document, composite)) ?? document;
}

export function changed(site: Site, change: Change): Site {
  return { ...site, document: within(site.document, site.composite, change) };
}

/**
 * Why a change cannot be made, or null: the first error that it brings. Inputs that wait for a wire are none. `without`
 * is what the change replaces, and what is wrong without that was wrong before.
 */
export function reasonAgainstChange(site: Site, change: Change, without?: Change): string | null {
  return objectionToChange(site, change, without)?.message ?? null;
}

/** Why a change cannot be made, with the shapes that do not fit, or null. */
export function objectionToChange(site: Site, change: Change, without?: Change): Objection | null {
  const problemsOf = ({ document, registry = everyNode, memory }: Site) => check(document, registry, memory).problems;
  const before = [...problemsOf(site), ...(without ? problemsOf(changed(site, without)) : [])];
  const known = new Set(before.map(({ message }) => message));
  return newError(problemsOf(changed(site, change)), known) ?? null;
}

/** The definition of a node of the graph that is edited, with the ports that its parameters ask for. */
export function definitionIn(site: Site, node: string): NodeDefinition | undefined {
  return isBoundary({ node }) ? undefined : definitionOf(levelOf(site), node, site.registry ?? everyNode);
}

export function portsIn(site: Site, node: string, side: "inputs" | "outputs"): [name: string, port: Port][] {
  return Object.entries<Port>(definitionIn(site, node)?.[side] ?? {});
}

/** The type of what a wire from an output carries; of a boundary's port, that of what it is wired to. */
export function typeFrom(site: Site, from: Endpoint): string | undefined {
  if (!isBoundary(from)) return definitionIn(site, from.node)?.outputs[from.port]?.type;
  const met = levelOf(site).wires.find((wire) => wire.from.node === from.node && wire.from.port === from.port);
  return met && definitionIn(site, met.to.node)?.inputs[met.to.port]?.type;
}

/** The type of what an input takes. */
export function typeInto(site: Site, to: Endpoint): string | undefined {
  if (!isBoundary(to)) return definitionIn(site, to.node)?.inputs[to.port]?.type;
  const met = levelOf(site).wires.find((wire) => wire.to.node === to.node && wire.to.port === to.port);
  return met && definitionIn(site, met.from.node)?.outputs[met.from.port]?.type;
}
