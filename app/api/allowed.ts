import { actorOf } from "#server/access/actor";
import { type Action, must, type Thing } from "#server/access/may";
import { db } from "#server/db";
import { refusalOf } from "./refusal";

/** What is answered to somebody who may not do it; nothing where they may. */
export async function refusedFor(request: Request, action: Action, thing: Thing): Promise<Response | undefined> {
  try {
    await must(db(), await actorOf(request.headers), action, thing);
    return undefined;
  } catch (error) {
    return refusalOf(error, thing.kind);
  }
}
