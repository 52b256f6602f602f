"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { changesBetween } from "#nodes/graph/changes";
import type { GraphDocument } from "#nodes/graph/document";
import { useTRPC } from "../_trpc/client";
import { countOf } from "../_ui/amounts";
import { ChangeList } from "../_ui/diff/change-list";

interface ChangesSinceProps {
  template: string;
  number: number;
  document: GraphDocument;
}

/** In what the chosen version differs from the one that others have now. */
export function ChangesSince({ template, number, document }: ChangesSinceProps) {
  const trpc = useTRPC();
  const { data: before } = useQuery(trpc.templates.document.queryOptions({ id: template, number }));
  const changes = useMemo(() => (before ? changesBetween(before, document) : []), [before, document]);
  if (!before) return null;
  const names = { before: `version ${number}`, after: "this version" };
  return (
    <details className="rounded-lg border border-line px-3 py-2" data-changes-since>
      <summary className="cursor-pointer font-medium">
        {changes.length ? countOf(changes.length, "change") : "No change"} since version {number}
      </summary>
      <ChangeList changes={changes} documents={{ before, after: document }} names={names} />
    </details>
  );
}
