/** Streams that go on for hours end when whoever watches may not see any more what they watch. */
import type { Db } from "../db";
import { isAway } from "../errors";
import { listener } from "../jobs/notify";
import { must, NotSignedIn, type Thing } from "./may";
import type { Actor } from "./who";

/** What ends by itself, such as a token, is looked at so often, in milliseconds; what is taken away is told at once. */
const looksEvery = 10_000;

/** How long somebody may watch a thing. */
export interface Watching {
  /** Raised when they are gone, or may not see it any more. */
  signal: AbortSignal;
  /** Throws where that was taken from them. */
  refuseIfTaken(): void;
}

/** Watches whether the actor may see a thing, until they are gone: their session, token or role may end any time. */
export function whileSeen(db: Db, actor: Actor, thing: Thing, gone: AbortSignal): Watching {
  if (actor.kind === "local") return { signal: gone, refuseIfTaken() {} };
  const taken = new AbortController();
  const look = () =>
    void mustStillSee(db, actor, thing).catch((error) => {
      if (!isAway(error)) taken.abort(error);
    });
  const stopListening = listener().on("access_taken", look);
  const timer = setInterval(look, looksEvery);
  const signal = AbortSignal.any([gone, taken.signal]);
  function end(): void {
    stopListening();
    clearInterval(timer);
  }
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return { signal, refuseIfTaken: () => taken.signal.throwIfAborted() };
}

/** Throws where somebody may not see a thing now. */
export async function mustStillSee(db: Db, actor: Actor, thing: Thing): Promise<void> {
  if (!(await isStillKnown(db, actor))) throw new NotSignedIn(hasEnded);
  await must(db, actor, "see", thing);
}

async function isStillKnown(db: Db, actor: Actor): Promise<boolean> {
  const now = new Date();
  if (actor.kind === "user")
    return (await db.session.count({ where: { id: actor.sessionId, expiresAt: { gt: now } } })) > 0;
  if (actor.kind !== "token") return true;
  const isLeft = { OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  return (await db.apiToken.count({ where: { id: actor.id, ...isLeft } })) > 0;
}

const hasEnded = { message: "The session, or the token, has ended.", hint: "Sign in again, or send another token." };
