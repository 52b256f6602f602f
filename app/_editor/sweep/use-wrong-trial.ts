"use client";

import { useEffect, useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import type { Problem } from "#nodes/graph/problem";
import { judgedTrials } from "#nodes/graph/sweep-problems";
import type { Plan } from "./draft";

/** Milliseconds of checking at a time: what is typed is never waited for. */
const slice = 12;

export interface Judged {
  /** What the first run could not begin with. */
  wrong?: Problem;
  /** Not all runs were looked at yet. */
  isLooking: boolean;
}

/** Looks, run by run, whether the graph is sound with what each run of a sweep would set. */
export function useWrongTrial(document: GraphDocument, { spec, trials }: Plan): Judged {
  const [judged, setJudged] = useState<Judged & { of?: Plan["trials"] }>({ isLooking: false });
  useEffect(() => {
    if (!spec) return;
    const judging = judgedTrials(document, spec, trials);
    let timer = window.setTimeout(look, 0);
    function look(): void {
      const start = performance.now();
      while (performance.now() - start < slice) {
        const { value: wrong, done } = judging.next();
        if (!wrong && !done) continue;
        setJudged({ wrong: wrong ?? undefined, isLooking: false, of: trials });
        return;
      }
      timer = window.setTimeout(look, 0);
    }
    return () => window.clearTimeout(timer);
  }, [document, spec, trials]);
  if (!spec) return { isLooking: false };
  return judged.of === trials ? judged : { isLooking: true };
}
