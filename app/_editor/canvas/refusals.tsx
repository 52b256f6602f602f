"use client";

import { useConnection } from "@xyflow/react";
import { Wrench } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Wire } from "#nodes/graph/document";
import { type Repair, repairsOf } from "#nodes/graph/repairs";
import { Button } from "../../_ui/button";
import { cx } from "../../_ui/cx";
import { useEditorStore, useView, useViewStore } from "../context";
import { siteOf } from "../site";
import { refusalOf } from "./connecting";
import type { HeldEnd } from "./lit-ports";
import { ShapesBeside } from "./shapes-beside";
import { useVerdicts } from "./verdicts";

const look = "fixed z-40 w-80 rounded-lg border border-line-strong bg-raised p-2.5 text-xs shadow-2xl";

/** Places something of the width of `look` beside the pointer, inside of the window. */
function placed({ x, y }: { x: number; y: number }) {
  return { left: Math.min(x + 14, window.innerWidth - 340), top: Math.min(y + 14, window.innerHeight - 190) };
}

/** Why the port under the pointer takes no such wire, told while it is still held; and what would help. */
export function RefusalTip() {
  const view = useViewStore();
  const verdict = useVerdicts();
  const connection = useConnection();
  const { fromHandle, toHandle, isValid, inProgress } = connection;
  const { place, replugged } = view.getState().pointer;
  if (!inProgress || isValid !== false || !fromHandle?.id || !toHandle?.id || !place) return null;
  const held: HeldEnd = { node: fromHandle.nodeId, port: fromHandle.id, side: fromHandle.type };
  const met: HeldEnd = { node: toHandle.nodeId, port: toHandle.id, side: toHandle.type };
  if (held.side === met.side) return null;
  const { reason, shapes, wire } = refusalOf(held, met, (connection) => verdict(connection, replugged));
  if (!reason) return null;
  return (
    <div className={cx(look, "pointer-events-none")} style={placed(place)} data-refusal-tip>
      <p className="text-bad">{reason}</p>
      {shapes && <ShapesBeside shapes={shapes} />}
      {wire && <FirstRepair key={`${met.node}.${met.port}`} wire={wire} instead={replugged} />}
    </div>
  );
}

/** Milliseconds over a port before repairs are looked for. */
const dwell = 120;

function FirstRepair({ wire, instead }: { wire: Wire; instead?: Wire }) {
  const store = useEditorStore();
  const [repair, setRepair] = useState<Repair>();
  const wanted = useRef({ wire, instead });
  useEffect(() => {
    const timer = setTimeout(() => {
      const { wire, instead } = wanted.current;
      setRepair(repairsOf(siteOf(store.getState()), wire, instead)[0]);
    }, dwell);
    return () => clearTimeout(timer);
  }, [store]);
  return repair ? <p className="mt-1.5 text-ink-2">Let go here to choose: {repair.title}.</p> : null;
}

/** What is said of a wire that was let go where it does not fit, with what makes it fit, a press away. */
export function RefusalCard() {
  const view = useViewStore();
  const store = useEditorStore();
  const refusal = useView((state) => state.refusal);
  const close = () => view.getState().refuse(undefined);
  const repairs = useMemo(
    () => (refusal?.wire ? repairsOf(siteOf(store.getState()), refusal.wire, refusal.instead) : []),
    [refusal, store],
  );
  if (!refusal) return null;
  function apply({ title, change }: Repair): void {
    const before = new Set(Object.keys(store.getState().shown.nodes));
    store.getState().edit(change);
    const added = Object.keys(store.getState().shown.nodes).filter((id) => !before.has(id));
    if (added.length) store.getState().select(added);
    view.getState().announce(`${title}: done.`);
    close();
  }
  return (
    <>
      <button type="button" aria-label="Close" tabIndex={-1} className="fixed inset-0 z-30" onClick={close} />
      <div
        role="dialog"
        aria-label="This wire does not fit"
        className={look}
        style={placed(refusal)}
        onKeyDown={(event) => event.key === "Escape" && close()}
        data-refusal
      >
        <p role="alert" className="text-bad">
          {refusal.reason}
        </p>
        {refusal.shapes && <ShapesBeside shapes={refusal.shapes} />}
        <div className="mt-2 flex flex-wrap gap-1.5">
          {repairs.map((repair, i) => (
            <Button key={repair.title} size="s" autoFocus={i === 0} onClick={() => apply(repair)}>
              <Wrench className="size-3.5" aria-hidden />
              {repair.title}
            </Button>
          ))}
          <Button size="s" look="quiet" autoFocus={!repairs.length} onClick={close}>
            Close
          </Button>
        </div>
      </div>
    </>
  );
}
