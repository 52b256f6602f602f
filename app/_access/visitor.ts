/** Who opens a page, and whether they may. */
import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { type Actor, actorOf } from "#server/access/actor";
import { type Action, may, type Thing } from "#server/access/may";
import { db } from "#server/db";

/** Who opens this page; somebody who is not signed in is led to where they can. */
export async function visitor(): Promise<Actor> {
  const actor = await actorOf(new Headers(await headers()));
  if (actor.kind === "stranger") redirect("/sign-in");
  return actor;
}

/** The same for a page of one thing: as if it were not there where it may not be seen. */
export async function visitorOf(thing: Thing, action: Action = "see"): Promise<Actor> {
  const actor = await visitor();
  if (!(await may(db(), actor, action, thing))) notFound();
  return actor;
}
