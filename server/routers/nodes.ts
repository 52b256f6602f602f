import "server-only";
import * as z from "zod";
import type { NodeDefinition } from "#nodes/core/node";
import { unfolded } from "#nodes/core/docs";
import type { GraphDocument } from "#nodes/graph/document";
import { exampleOf } from "#nodes/graph/example";
import { registry } from "#nodes/registry.gen";
import { must } from "../access/may";
import { listTemplates, readTemplate } from "../templates";
import { procedure, router } from "./trpc";

let read: Promise<GraphDocument[]> | undefined;
/** The graphs of all templates, read once. */
function templates(): Promise<GraphDocument[]> {
  read ??= listTemplates().then(async (cards) => {
    const documents = await Promise.all(cards.map(({ id }) => readTemplate(id)));
    return documents.filter((document) => document !== undefined);
  });
  return read;
}

export const nodes = router({
  /** What a node type says of itself at length; the browser's own definitions are without it. */
  docs: procedure.input(z.object({ type: z.string().max(100) })).query(async ({ ctx, input: { type } }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "installation" });
    const known = Object.hasOwn(registry, type) ? (registry as Record<string, NodeDefinition>)[type] : undefined;
    return { text: unfolded(known?.docs ?? "") };
  }),

  /** What users of other tools call node types, by type; the browser's own definitions are without it, too. */
  synonyms: procedure.query(async ({ ctx }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "installation" });
    const known = Object.values<NodeDefinition>(registry);
    return Object.fromEntries(known.map(({ type, synonyms = [] }) => [type, synonyms]));
  }),

  /** How a node type is used in one of the templates; nothing where none uses it. */
  example: procedure.input(z.object({ type: z.string().max(100) })).query(async ({ ctx, input: { type } }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "installation" });
    return exampleOf(await templates(), type) ?? null;
  }),
});
