import type { Db } from "../db";
import { Failure } from "../errors";
import { notFound } from "../not-found";
import type { Actor } from "./actor";

/**
 * What can be done: `see` shows a thing and its files, `run` runs or trains it, `change` edits or deletes it, `share`
 * lets others in (links, templates, apps, webhooks), `manage` decides who belongs to it, `operate` is the
 * installation's own business (accounts, disk, registries).
 */
export const actions = ["see", "run", "change", "share", "manage", "operate"] as const;
export type Action = (typeof actions)[number];

/** What it is done to. A thing without an id is one that is about to be made, or all that there are of its kind. */
export interface Thing {
  kind: "installation" | "team" | "graph" | "version" | "run" | "sweep" | "composite" | "file";
  id?: string;
}

/** The one place that decides. */
export async function may(_db: Db, actor: Actor, _action: Action, _thing: Thing): Promise<boolean> {
  return actor.kind === "local";
}

/** Throws where it may not be done: as if it were not there where it may not even be seen. */
export async function must(db: Db, actor: Actor, action: Action, thing: Thing): Promise<void> {
  if (await may(db, actor, action, thing)) return;
  if (action === "see" || !(await may(db, actor, "see", thing))) throw notFound(`This ${thing.kind}`);
  throw new Failure({
    message: `You may see this ${thing.kind}, but not ${action} it.`,
    hint: "Ask one of its owners for another role.",
  });
}
