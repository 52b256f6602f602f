"use client";

import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { duration } from "../_ui/amounts";
import { useViewStore } from "./context";
import { runTimeLeft, shareDone } from "./pace";
import { hasEnded, type RunState } from "./run-state";
import type { EditorStore } from "./store";

/** What tells of a run while the page is not looked at: its title, its icon, and a notification at the end. */
export function useRunSignals(store: EditorStore): void {
  const percent = useStore(store, ({ run }) => {
    const share = shareDone(run);
    return share === undefined ? undefined : Math.floor(100 * share);
  });
  const left = useStore(store, ({ run, foreseen }) => {
    const time = runTimeLeft(run, foreseen);
    return time === undefined ? undefined : duration(Math.ceil(time / 1000) * 1000);
  });
  const status = useStore(store, ({ run }) => run.status);
  const name = useStore(store, ({ history }) => history.present.name);
  useEffect(() => {
    const before = document.title;
    const ended = status === "failed" ? "Failed" : undefined;
    const going = percent === undefined ? ended : [`${percent} %`, left && `${left} left`].filter(Boolean).join(", ");
    if (going) document.title = `${going} · ${name}`;
    return () => {
      document.title = before;
    };
  }, [percent, left, status, name]);
  useEffect(() => {
    if (percent === undefined) return undefined;
    void import("./run-icon").then(({ showIcon }) => showIcon(percent));
    return () => void import("./run-icon").then(({ hideIcon }) => hideIcon());
  }, [percent]);
  useNotification(store);
  useAnnouncements(store);
}

/** Asks whether the browser may notify. Only after a press: browsers refuse it else. */
export async function askToNotify(): Promise<boolean> {
  if (typeof Notification === "undefined") return false;
  return (await Notification.requestPermission()) === "granted";
}

export const mayNotify = (): boolean => typeof Notification !== "undefined" && Notification.permission === "granted";

const sentences: { [S in NonNullable<RunState["status"]>]?: string } = {
  done: "is done",
  failed: "has failed",
  cancelled: "was stopped",
};

/** Notifies of the end of a run that was followed here, where the page is hidden then. */
function useNotification(store: EditorStore): void {
  const status = useStore(store, ({ run }) => run.status);
  const wasGoing = useRef(false);
  useEffect(() => {
    const isGoing = status === "running" || status === "queued";
    if (wasGoing.current && hasEnded(status) && document.hidden && mayNotify()) notify(store.getState());
    wasGoing.current = isGoing;
  }, [status, store]);
}

/** Tells whoever cannot see the canvas of a run that begins and ends here. */
function useAnnouncements(store: EditorStore): void {
  const view = useViewStore();
  const status = useStore(store, ({ run }) => run.status);
  const before = useRef(status);
  useEffect(() => {
    const wasGoing = before.current === "running" || before.current === "queued";
    before.current = status;
    if (status === "running" || status === "queued") view.getState().announce(`The run is ${status}.`);
    else if (wasGoing && status) view.getState().announce(endOf(store.getState().run));
  }, [status, store, view]);
}

function endOf({ status, error, startedAt, endedAt }: RunState): string {
  const time = startedAt !== undefined && endedAt !== undefined ? ` after ${duration(endedAt - startedAt)}` : "";
  return [`The run ${sentences[status ?? "done"]}${time}.`, error?.message].filter(Boolean).join(" ");
}

function notify({ run, history }: ReturnType<EditorStore["getState"]>): void {
  const { status, error, startedAt, endedAt } = run;
  const time = startedAt !== undefined && endedAt !== undefined ? ` after ${duration(endedAt - startedAt)}` : "";
  const title = `${history.present.name} ${sentences[status ?? "done"]}${time}`;
  const shown = new Notification(title, { body: error?.message, tag: run.id });
  shown.onclick = () => window.focus();
}
