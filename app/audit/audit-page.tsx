"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Card } from "../_ui/card";
import { Shell } from "../_ui/shell";

const atOnce = 100;

/** What changed access or data, and who did it. */
export function AuditPage() {
  const [before, setBefore] = useState<string>();
  const { data: lines = [] } = useQuery(useTRPC().teams.audit.queryOptions({ before }));
  return (
    <Shell here="account">
      <h1 className="text-xl font-semibold">What changed access and data</h1>
      <Card title="The newest first">
        <table className="w-full text-left text-xs">
          <thead className="text-ink-3">
            <tr>
              <th className="py-1 pr-3 font-medium">When</th>
              <th className="py-1 pr-3 font-medium">Who</th>
              <th className="py-1 pr-3 font-medium">What</th>
              <th className="py-1 font-medium">To what</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ id, at, actor, action, detail }) => (
              <tr key={id} className="border-line border-t align-top">
                <td className="py-1 pr-3 whitespace-nowrap">{at.toLocaleString()}</td>
                <td className="py-1 pr-3">{actor}</td>
                <td className="py-1 pr-3">{action}</td>
                <td className="py-1 wrap-anywhere">{toWhat(detail)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {lines.length === atOnce && (
          <Button className="mt-3" onClick={() => setBefore(lines.at(-1)?.id)}>
            Older
          </Button>
        )}
      </Card>
    </Shell>
  );
}

const toWhat = (detail: Record<string, unknown>): string =>
  Object.entries(detail)
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
