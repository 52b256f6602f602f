/** Commands that give nodes their places. */
import { tidy } from "../layout-graph";
import type { CommandContext } from "./command";
import { fitAll } from "./view";

export function arrange({ store, flow }: CommandContext): void {
  store.getState().edit((document) =>
    tidy(document, (id) => {
      const { width = 240, height = 120 } = flow.getInternalNode(id)?.measured ?? {};
      return { width, height };
    }),
  );
  setTimeout(() => fitAll({ flow }), 50);
}
