/** What is told before a graph is taken apart: composites in a circle, too deep in each other, or too many nodes. */
import { type Composites, compositeIdOf, compositesIn } from "./composites";
import { type Composite, type GraphDocument, limits } from "./document";
import { errorProblem, type Problem } from "./problem";

/** The instances of a graph that cannot be taken apart, and why. */
export function boundProblems(document: GraphDocument): { bad: Set<string>; problems: Problem[] } {
  const composites = document.composites ?? {};
  const sizes = new Sizes(composites);
  const problems: Problem[] = [];
  const bad = new Set<string>();
  let count = Object.keys(document.nodes).length;
  for (const [node, { type }] of Object.entries(document.nodes)) {
    const id = compositeIdOf(type);
    if (id === undefined || !Object.hasOwn(composites, id)) continue;
    const circle = circleFrom(composites, id);
    const depth = circle ? 0 : sizes.depthOf(id);
    const nodes = circle ? 0 : sizes.nodesIn(id);
    const isTooDeep = depth > limits.depth;
    const isTooLarge = count + nodes > limits.nodes;
    if (circle)
      problems.push(
        inCircle(
          circle.map((each) => titleOf(composites, each)),
          node,
        ),
      );
    else if (isTooDeep) problems.push(tooDeep(titleOf(composites, id), depth, node));
    else if (isTooLarge) problems.push(tooManyInside(titleOf(composites, id), nodes, count + nodes, node));
    if (circle || isTooDeep || isTooLarge) bad.add(node);
    else count += nodes;
  }
  return { bad, problems };
}

/** The composites that contain each other, where one leads to itself; the first of them is not told again. */
export function circleFrom(composites: Composites, id: string): string[] | undefined {
  const sound = new Set<string>();
  const visit = (now: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(now)) return path.slice(path.indexOf(now));
    if (sound.has(now) || !Object.hasOwn(composites, now)) return undefined;
    for (const next of new Set(compositesIn((composites[now] as Composite).nodes))) {
      const circle = visit(next, [...path, now]);
      if (circle) return circle;
    }
    sound.add(now);
    return undefined;
  };
  return visit(id, []);
}

/** Sizes of composites that lie in no circle, each found once. */
class Sizes {
  readonly #depths = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  constructor(readonly composites: Composites) {}

  /** How many composites lie in each other at most, itself one of them. */
  depthOf(id: string): number {
    const known = this.#depths.get(id);
    if (known !== undefined) return known;
    const inner = this.#within(id).map((each) => this.depthOf(each));
    const depth = 1 + inner.reduce((most, each) => Math.max(most, each), 0);
    this.#depths.set(id, depth);
    return depth;
  }

  /** How many nodes lie in it, those in composites in it too. */
  nodesIn(id: string): number {
    const known = this.#counts.get(id);
    if (known !== undefined) return known;
    const own = Object.keys(this.composites[id]?.nodes ?? {}).length;
    const count = this.#within(id).reduce((sum, each) => sum + this.nodesIn(each), own);
    this.#counts.set(id, count);
    return count;
  }

  #within(id: string): string[] {
    return compositesIn(this.composites[id]?.nodes ?? {}).filter((each) => Object.hasOwn(this.composites, each));
  }
}

const titleOf = (composites: Composites, id: string): string => composites[id]?.title ?? id;

function inCircle(titles: readonly string[], node: string): Problem {
  const circle = [...titles, titles[0]].map((title) => `“${title}”`).join(" → ");
  return errorProblem(
    "cycle",
    titles.length === 1
      ? `The composite ${`“${titles[0]}”`} contains itself.`
      : `These composites contain each other in a circle: ${circle}.`,
    "Delete the inner instance of one of them.",
    { node },
  );
}

function tooDeep(title: string, depth: number, node: string): Problem {
  return errorProblem(
    "too-large",
    `Composites lie ${depth} deep in each other in “${title}”; ${limits.depth} is the limit.`,
    "Expand one of those inside.",
    { node },
  );
}

function tooManyInside(title: string, nodes: number, count: number, node: string): Problem {
  const [inside, all] = [nodes, count].map((each) => each.toLocaleString("en"));
  return errorProblem(
    "too-large",
    `With the ${inside} nodes inside of “${title}” the graph has ${all}; ${limits.nodes} is the limit.`,
    "Take fewer instances, or split the graph into several.",
    { node },
  );
}
