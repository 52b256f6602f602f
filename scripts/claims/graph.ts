/** The graph that an arm trains: a template, rewired and with other parameters. */
import { readFileSync } from "node:fs";
import { type GraphDocument, type GraphNode, graphDocument } from "#nodes/graph/document";
import { type Assignment, placeNamed, withAssignment } from "#nodes/graph/sweep";
import type { Registry } from "#nodes/core/node";
import { registry } from "#nodes/registry.gen";
import { nodeNamed } from "../gen/changed";
import type { Arm, Experiment, Wiring } from "./experiment";

/** An arm's graph but for what a sweep sets in it. */
export function armGraph({ template, set, wiring }: Experiment, arm: Arm): GraphDocument {
  const graph = graphDocument.parse(JSON.parse(readFileSync(`nodes/templates/${template}.json`, "utf8")));
  const inside = Object.fromEntries(Object.entries(arm.set ?? {}).filter(([place]) => isInside(place)));
  return together(wiring, setting(set), arm.wiring, setting(inside))(graph);
}

/** What of an arm a sweep of the product sets: parameters of the graph's own nodes, and constants. */
export function armAssignment(experiment: Experiment, arm: Arm, seed: number): Assignment {
  const own = Object.entries(arm.set ?? {}).filter(([place]) => !isInside(place));
  const given = seed + (experiment.firstSeed ?? 0);
  return Object.fromEntries([...own, ...experiment.seeds.map((place) => [place, given] as const)]);
}

/** Edits, one behind the other. */
export function together(...edits: readonly (Wiring | undefined)[]): Wiring {
  return (graph) => edits.reduce((edited, edit) => edit?.(edited) ?? edited, graph);
}

export function setting(assignment: Assignment): Wiring {
  return (graph) => {
    const entries = Object.entries(assignment);
    const own = entries.filter(([place]) => !isInside(place));
    const set = structuredClone(withAssignment(graph, Object.fromEntries(own)));
    for (const [place, value] of entries.filter(([place]) => isInside(place))) {
      const { node, param } = placeNamed(place);
      Object.assign(existing(set, node).params, { [param]: value });
    }
    return set;
  };
}

/** Another node, with wires to its inputs: `{ text: "data.caption" }`. */
export function adding(
  id: string,
  type: string,
  inputs: Readonly<Record<string, string>>,
  params: GraphNode["params"] = {},
): Wiring {
  return (graph) => {
    if (Object.hasOwn(graph.nodes, id)) throw new Error(`“${graph.name}” has a node “${id}” already.`);
    const version = (registry as Registry)[type]?.version ?? 1;
    const nodes = { ...graph.nodes, [id]: { type, version, params, position: { x: 0, y: 0 } } };
    const wires = Object.entries(inputs).map(([port, from]) => wire(from, `${id}.${port}`));
    return { ...graph, nodes, wires: [...graph.wires, ...wires] };
  };
}

/** Takes away what is wired to an input, and wires outputs to it in its place. */
export function rewiring(input: string, ...outputs: readonly string[]): Wiring {
  return (graph) => {
    const { node, param: port } = placeNamed(input);
    if (!node.startsWith("@")) existing(graph, node);
    const others = graph.wires.filter(({ to }) => to.node !== node || to.port !== port);
    return { ...graph, wires: [...others, ...outputs.map((output) => wire(output, input))] };
  };
}

/** Wires all that reads an output to another one, but for the nodes that are excepted. */
export function replacing(output: string, by: string, except: readonly string[] = []): Wiring {
  return (graph) => {
    const { node, param: port } = placeNamed(output);
    const wires = graph.wires.map((each) =>
      each.from.node === node && each.from.port === port && !except.includes(each.to.node)
        ? { ...each, from: endpoint(by) }
        : each,
    );
    return { ...graph, wires };
  };
}

/** Takes nodes away, with their wires. */
export function removing(...ids: readonly string[]): Wiring {
  return (graph) => ({
    ...graph,
    nodes: Object.fromEntries(Object.entries(graph.nodes).filter(([id]) => !ids.includes(id))),
    wires: graph.wires.filter(({ from, to }) => !ids.includes(from.node) && !ids.includes(to.node)),
  });
}

/** Copies nodes with the wires among them and to them: “data” becomes “data2”. */
export function copying(ids: readonly string[], suffix: string): Wiring {
  return (graph) => {
    const nodes = { ...graph.nodes };
    for (const id of ids) nodes[`${id}${suffix}`] = structuredClone(existing(graph, id));
    const copies = graph.wires
      .filter(({ to }) => ids.includes(to.node))
      .map(({ from, to }) => ({
        from: ids.includes(from.node) ? { ...from, node: `${from.node}${suffix}` } : from,
        to: { ...to, node: `${to.node}${suffix}` },
      }));
    return { ...graph, nodes, wires: [...graph.wires, ...copies] };
  };
}

/** Another composite that is like one: “llava_base” of “llava”. */
export function copyingComposite(composite: string, suffix: string): Wiring {
  return (graph) => {
    const found = graph.composites?.[composite];
    if (!found) throw new Error(`“${graph.name}” has no composite “${composite}”.`);
    return { ...graph, composites: { ...graph.composites, [`${composite}${suffix}`]: structuredClone(found) } };
  };
}

/** Makes a node an instance of another composite. */
export function instancing(id: string, composite: string): Wiring {
  return (graph) => {
    const nodes = { ...graph.nodes, [id]: { ...existing(graph, id), type: `composite:${composite}` } };
    return { ...graph, nodes };
  };
}

/** The same edit inside of a composite. */
export function within(composite: string, edit: Wiring): Wiring {
  return (graph) => {
    const found = graph.composites?.[composite];
    if (!found) throw new Error(`“${graph.name}” has no composite “${composite}”.`);
    const { nodes, wires } = edit({ ...graph, nodes: found.nodes, wires: found.wires });
    return { ...graph, composites: { ...graph.composites, [composite]: { ...found, nodes, wires } } };
  };
}

function existing(graph: GraphDocument, path: string): GraphNode {
  const node = nodeNamed(graph, path);
  if (!node) throw new Error(`“${graph.name}” has no node “${path}”.`);
  return node;
}

const isInside = (place: string): boolean => place.includes("/");

function wire(from: string, to: string): GraphDocument["wires"][number] {
  return { from: endpoint(from), to: endpoint(to) };
}

function endpoint(text: string): { node: string; port: string } {
  const { node, param: port } = placeNamed(text);
  return { node, port };
}
