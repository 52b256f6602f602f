import { registry as everyNode } from "../registry.gen";
import type { CheckMemory } from "./check-memory";
import { within } from "./composite-edits";
import { boundary, type Endpoint, type GraphDocument, type Wire } from "./document";
import { connect, disconnect, withAllOn } from "./edits";
import { infer, scopeOf, type Types } from "./infer";
import { unequalLayouts } from "./layouts";
import { coneOf, decodersOf, mayHoldParameters, upstreamOf } from "./plan";
import { errorProblem, type Objection, type Problem } from "./problem";
import { type Registry, type ResolvedGraph, type ResolvedNode, resolve } from "./resolve";

export interface Checked {
  graph: ResolvedGraph;
  types: Types;
  problems: Problem[];
}

/**
 * Resolves and infers: all that can be known of a graph without running it. Never throws. With a `memory`, only what
 * changed since its last check is looked at.
 */
export function check(document: GraphDocument, registry: Registry = everyNode, memory?: CheckMemory): Checked {
  const graph = resolve(document, registry, memory);
  const { types, problems } = infer(graph, memory);
  const own = [...sharedScopes(graph), ...lostGradients(graph), ...missingDecoders(graph), ...unequalLayouts(graph)];
  return { graph, types, problems: [...graph.problems, ...problems, ...own] };
}

/** Two nodes with fresh weights of the same name would silently be one; sharing is asked for with a wire. */
function sharedScopes(graph: ResolvedGraph): Problem[] {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const node of graph.nodes.values()) {
    if (!node.definition.build || !("scope" in node.definition.params) || node.inputs.weights?.length) continue;
    const scope = scopeOf(node);
    const owner = owners.get(scope);
    if (owner === undefined) owners.set(scope, node.id);
    else
      problems.push(
        errorProblem(
          "duplicate-scope",
          `${node.id} and ${owner} both make new weights named "${scope}".`,
          "Give one of them another scope, or wire the same weights handle to both to share them.",
          { node: node.id, param: "scope" },
        ),
      );
  }
  return problems;
}

/** What a trainer could not train, told before it runs. */
function lostGradients(graph: ResolvedGraph): Problem[] {
  const problems = new Map<string, Problem>();
  for (const node of graph.nodes.values()) {
    const ends = Object.entries(node.inputs).flatMap(([name, sources]) =>
      node.definition.inputs[name]?.deferred === "gradient" ? sources : [],
    );
    if (!ends.length) continue;
    for (const problem of [...blocking(graph, ends), ...untrainable(graph, node, ends)])
      problems.set(problem.node ?? "", problem);
  }
  return [...problems.values()];
}

/** Host nodes between what trains and a loss. */
function blocking(graph: ResolvedGraph, ends: readonly Endpoint[]): Problem[] {
  return coneOf(graph, ends).after.map((id) =>
    errorProblem(
      "not-differentiable",
      `${titleOf(graph, id)} stands between a trained node and the loss, and no gradient can pass it.`,
      "Use it after the training, on a second branch, or take it out of the path to the loss.",
      { node: id },
    ),
  );
}

/** Losses that depend on no parameters, because what could hold them runs as its file is. */
function untrainable(graph: ResolvedGraph, trainer: ResolvedNode, ends: readonly Endpoint[]): Problem[] {
  const upstream = [...upstreamOf(graph, ends)].map((id) => graph.nodes.get(id) as ResolvedNode);
  const frozen = upstream.find(({ definition }) => definition.notice !== undefined);
  if (!frozen || upstream.some(mayHoldParameters)) return [];
  const message = `Nothing upstream of the loss can be trained: ${titleOf(graph, frozen.id)} runs as its file is.`;
  return [
    errorProblem("not-differentiable", message, "Put a projector or an encoder behind it.", { node: trainer.id }),
  ];
}

/** What writes without a decoder, or with one whose scores a host node stands before. */
function missingDecoders(graph: ResolvedGraph): Problem[] {
  return [...graph.nodes.values()].flatMap((node) => {
    const ends = Object.entries(node.inputs).filter(
      ([name]) => node.definition.inputs[name]?.deferred === "generation",
    );
    return ends.flatMap(([port, sources]) => {
      const { tensors, after } = decodersOf(graph, sources);
      const decodes = tensors.some((id) => graph.nodes.get(id)?.definition.decodes);
      if (!sources.length || (decodes && !after.length)) return [];
      const [between] = after;
      const message =
        between === undefined
          ? `${titleOf(graph, node.id)} writes with a decoder, and none lies upstream.`
          : `${titleOf(graph, between)} stands between a decoder and ${titleOf(graph, node.id)}, outside of the model.`;
      const hint = "Wire the logits of an LLM decoder, or of a Hugging Face model that decodes.";
      return [errorProblem("no-decoder", message, hint, { node: node.id, port })];
    });
  });
}

const titleOf = (graph: ResolvedGraph, id: string): string => graph.nodes.get(id)?.definition.title ?? id;

/**
 * Why this wire cannot be drawn, or null. Replaces what the input had, as drawing does. With a `composite` it is drawn
 * inside of that one, and has to fit all its instances.
 */
export function canConnect(...asked: Parameters<typeof objectionTo>): string | null {
  return objectionTo(...asked)?.message ?? null;
}

/** Why this wire cannot be drawn, with the shapes that do not fit, or null. */
export function objectionTo(
  document: GraphDocument,
  wire: Wire,
  registry: Registry = everyNode,
  memory?: CheckMemory,
  composite?: string,
): Objection | null {
  if (wire.from.node === wire.to.node) return { message: "A node cannot feed itself." };
  if (wire.from.node === boundary.inputs && wire.to.node === boundary.outputs)
    return { message: "A wire inside of a composite begins or ends at a node." };
  function problemsAfter(change: (now: GraphDocument) => GraphDocument): Problem[] {
    const changed = within(document, composite, change);
    const { problems } = check(changed, registry, memory);
    // What is not computed now is judged as if it were: one day it is.
    const awake = withAllOn(changed);
    return awake === changed ? problems : [...problems, ...check(awake, registry, memory).problems];
  }
  const drawn = (now: GraphDocument) => connect(now, wire, registry);
  const before = problemsAfter((now) => disconnect(drawn(now), [wire]));
  // A port of a composite goes with its last wire, and what is wrong outside with that.
  if (composite !== undefined) before.push(...check(document, registry, memory).problems);
  const known = new Set(before.map(({ message }) => message));
  return newError(problemsAfter(drawn), known) ?? null;
}

/** Errors that no wire brings: inputs that wait for one, what waits for these, and names. */
const isOfNoWire: ReadonlySet<Problem["code"]> = new Set(["missing-input", "build-waits", "duplicate-scope"]);

/** The first error that was not there before and that wires bring. */
export function newError(problems: readonly Problem[], known: ReadonlySet<string>): Problem | undefined {
  return problems.find(
    ({ severity, code, message }) => severity === "error" && !isOfNoWire.has(code) && !known.has(message),
  );
}
