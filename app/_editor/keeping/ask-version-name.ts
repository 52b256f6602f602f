import type { EditorStore } from "../store";

/** Asks for a name under which the present state is kept. */
export function askVersionName(store: EditorStore): void {
  const { graphId, frozen } = store.getState();
  if (graphId && !frozen) store.setState({ isNaming: true });
}
