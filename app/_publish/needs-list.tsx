"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { neededElsewhere } from "#nodes/graph/elsewhere";
import { useTRPC } from "../_trpc/client";
import { duration, size } from "../_ui/amounts";

/** What a run of it asks for: models of the hub, what is fetched, and time and memory as the last run took them. */
export function NeedsList({ document, version }: { document: GraphDocument; version: string }) {
  const trpc = useTRPC();
  const { data: measured } = useQuery(trpc.templates.measured.queryOptions({ version }));
  const { hub, fetched } = useMemo(() => neededElsewhere(document), [document]);
  return (
    <section aria-label="What it needs">
      <h3 className="mb-1 font-medium">What it needs</h3>
      <ul className="list-disc pl-5 text-ink-2">
        {hub.map(({ model, revision }) => (
          <li key={`${model}@${revision}`}>
            <code>{model}</code> of the hub, revision <code>{revision}</code>
          </li>
        ))}
        {fetched.map((name) => (
          <li key={name}>
            <code>npm run -s patchbay -- fetch {name}</code>
          </li>
        ))}
        <li>
          {measured
            ? `The last run took ${duration(measured.seconds * 1000)}${
                measured.memory === undefined ? "" : ` and ${size(measured.memory)}`
              }.`
            : "How long it takes is not known: it was never run to its end. Run it before, and that is told."}
        </li>
      </ul>
    </section>
  );
}
