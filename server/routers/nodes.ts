import "server-only";
import * as z from "zod";
import type { NodeDefinition } from "#nodes/core/node";
import { unfolded } from "#nodes/core/docs";
import { registry } from "#nodes/registry.gen";
import { procedure, router } from "./trpc";

export const nodes = router({
  /** What a node type says of itself at length; the browser's own definitions are without it. */
  docs: procedure.input(z.object({ type: z.string().max(100) })).query(({ input: { type } }) => {
    const known = Object.hasOwn(registry, type) ? (registry as Record<string, NodeDefinition>)[type] : undefined;
    return { text: unfolded(known?.docs ?? "") };
  }),
});
