/** Waits for the end of a run, and tells what it tells meanwhile as server-sent events. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "../db";
import { listener } from "../jobs/notify";
import { type StoredEvent, watchRun } from "../runs/watch";

/** Returns when the run has ended, or so many seconds later, or when nobody waits any more. */
export async function untilEnd(db: Db, run: string, seconds: number, gone: AbortSignal): Promise<void> {
  const given = new AbortController();
  const timer = setTimeout(() => given.abort(), seconds * 1000);
  try {
    for await (const _ of watchRun(db, listener(), run, undefined, AbortSignal.any([given.signal, gone])));
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds between two signs of life on a quiet stream: proxies close what is silent. */
const beat = 15_000;

/** The events of a run after one of them, as a stream that ends with the run. */
export function eventStream(db: Db, run: string, lastId: string | undefined, gone: AbortSignal): Response {
  const over = new AbortController();
  const signal = AbortSignal.any([gone, over.signal]);
  const events = watchRun(db, listener(), run, lastId, signal);
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode("retry: 2000\n\n"));
      void beatUntil(signal, () => controller.enqueue(encoder.encode(": \n\n")));
    },
    async pull(controller) {
      const { done, value } = await events.next();
      if (!done) return controller.enqueue(encoder.encode(asMessage(value)));
      over.abort();
      controller.close();
    },
    cancel: () => over.abort(),
  });
  return new Response(stream, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
  });
}

async function beatUntil(signal: AbortSignal, tell: () => void): Promise<void> {
  while (!signal.aborted) {
    await sleep(beat, undefined, { signal }).catch(() => {});
    if (!signal.aborted) tell();
  }
}

/** An event as a browser's EventSource reads it. */
function asMessage({ id, event, at }: StoredEvent): string {
  return `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify({ ...event, at: at.getTime() })}\n\n`;
}
