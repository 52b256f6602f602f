/** Inputs that take one wire, and got one from each side of a merge. */
import { boundary, endpointKey, type GraphDocument, type Wire } from "./document";
import type { Choices } from "./merge-choices";
import { definitionOf, type Registry } from "./resolve";

interface Context {
  mine: GraphDocument;
  theirs: GraphDocument;
  registry: Registry;
}

/** The document with one wire at each such input: the one that is chosen. */
export function settledInputs(document: GraphDocument, context: Context, choices: Choices): GraphDocument {
  const settled = settledLevel(document, { ...context, document, path: [] }, choices);
  const composites = Object.entries(settled.composites ?? {}).map(([id, composite]) => {
    const [mine, theirs] = [context.mine, context.theirs].map((side) => side.composites?.[id]);
    if (!mine || !theirs) return [id, composite] as const;
    const inside = { registry: context.registry, document, path: ["composites", id], mine, theirs };
    return [id, settledLevel(composite, inside, choices)] as const;
  });
  const isSettled = composites.every(([id, composite]) => composite === settled.composites?.[id]);
  return isSettled ? settled : { ...settled, composites: Object.fromEntries(composites) };
}

type Level = Pick<GraphDocument, "nodes" | "wires">;
interface LevelContext {
  document: GraphDocument;
  path: readonly string[];
  mine: Level;
  theirs: Level;
  registry: Registry;
}

function settledLevel<T extends Level>(level: T, context: LevelContext, choices: Choices): T {
  const own = wiresInto(context.mine);
  const other = wiresInto(context.theirs);
  const gone = new Set<Wire>();
  for (const [input, wires] of wiresInto(level)) {
    const [mine, theirs] = [own.get(input) ?? [], other.get(input) ?? []];
    if (wires.length < 2 || mine.length !== 1 || theirs.length !== 1) continue;
    if (takesMany(level, wires[0] as Wire, context)) continue;
    const sides = { base: undefined, mine: mine[0], theirs: theirs[0] };
    const chosen = choices.choose(sides, [...context.path, "wires", `→ ${input}`]) as Wire;
    for (const wire of wires) {
      if (endpointKey(wire.from) !== endpointKey(chosen.from)) gone.add(wire);
    }
  }
  return gone.size ? { ...level, wires: level.wires.filter((wire) => !gone.has(wire)) } : level;
}

function wiresInto({ wires }: Level): Map<string, Wire[]> {
  const into = new Map<string, Wire[]>();
  for (const wire of wires) {
    const input = endpointKey(wire.to);
    into.set(input, [...(into.get(input) ?? []), wire]);
  }
  return into;
}

function takesMany(level: Level, { to }: Wire, { document, registry }: LevelContext): boolean {
  if (to.node === boundary.outputs) return false;
  const inside = { ...document, nodes: level.nodes, wires: level.wires };
  return definitionOf(inside, to.node, registry)?.inputs[to.port]?.many === true;
}
