/** Going from problem to problem. */
import type { Problem } from "#nodes/graph/problem";
import { reveal } from "../composites/opening";
import type { EditorStore } from "../store";
import { inOrder, listed, nextOf } from "./listed";

/** The problem that was shown last, by editor. */
const lastShown = new WeakMap<EditorStore, Problem>();

/** Shows the next problem, or the one before; whether there is one. `centre` brings its node into view. */
export function walkProblems(store: EditorStore, by: 1 | -1, centre: (id: string) => void): boolean {
  const { problems, graph } = store.getState().checked;
  const next = nextOf(inOrder(listed(problems, graph.flat.document.nodes)), lastShown.get(store), by);
  if (next?.problem.node === undefined) return false;
  showProblem(store, next.problem, centre);
  return true;
}

/** Chooses the node that a problem is at, and brings it into view. */
export function showProblem(store: EditorStore, problem: Problem, centre: (id: string) => void): void {
  if (problem.node === undefined) return;
  lastShown.set(store, problem);
  reveal(store, problem.node);
  const [id] = store.getState().selection;
  // The inside of a composite is drawn first.
  if (id !== undefined) setTimeout(() => centre(id), 60);
}
