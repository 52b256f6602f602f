/** Commands that give nodes their places. */
import type { CommandContext } from "./command";
import { fitAll } from "./view";

/** The library that lays out is loaded when it is first asked for. */
export async function arrange({ store, flow }: CommandContext): Promise<void> {
  const { tidy } = await import("../layout-graph");
  store.getState().edit((document) =>
    tidy(document, (id) => {
      const { width = 240, height = 120 } = flow.getInternalNode(id)?.measured ?? {};
      return { width, height };
    }),
  );
  setTimeout(() => fitAll({ flow }), 50);
}
