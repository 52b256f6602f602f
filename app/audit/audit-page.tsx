"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Card } from "../_ui/card";
import { Shell } from "../_ui/shell";
import { clockText } from "../_ui/times";

const atOnce = 100;

/** What changed access or data, and who did it. */
export function AuditPage() {
  const [before, setBefore] = useState<string>();
  const { data } = useQuery(useTRPC().teams.audit.queryOptions({ before }));
  const { lines = [], names = {} } = data ?? {};
  return (
    <Shell here="account">
      <h1 className="text-xl font-semibold">What changed access and data</h1>
      <Card title="The newest first">
        <table className="w-full text-left text-xs">
          <thead className="text-ink-3">
            <tr>
              <th className="py-1 pr-3 font-medium">When</th>
              <th className="w-1/4 py-1 pr-3 font-medium">Who</th>
              <th className="py-1 pr-3 font-medium">What</th>
              <th className="py-1 font-medium">To what</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ id, at, actor, action, detail }) => (
              <tr key={id} className="border-line border-t align-top">
                <td className="py-1.5 pr-4 whitespace-nowrap text-ink-3" title={at.toLocaleString("en-GB")}>
                  {clockText(at.getTime())}
                </td>
                <td className="py-1.5 pr-4 wrap-anywhere">{actor}</td>
                <td className="py-1.5 pr-4 whitespace-nowrap" title={action}>
                  <Action name={action} />
                </td>
                <td className="py-1.5 wrap-anywhere">
                  <ToWhat detail={detail} names={names} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <div className="mt-3 flex gap-2 empty:hidden">
          {before !== undefined && <Button onClick={() => setBefore(undefined)}>The newest</Button>}
          {lines.length === atOnce && <Button onClick={() => setBefore(lines.at(-1)?.id)}>Older</Button>}
        </div>
      </Card>
    </Shell>
  );
}

/** "teams.removeMember" in words: of which part, and what was done there. */
function Action({ name }: { name: string }) {
  const [part = "", done = ""] = name.split(".");
  return (
    <>
      <span className="text-ink-3">{part}</span> {done.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}
    </>
  );
}

interface ToWhatProps {
  detail: Record<string, unknown>;
  /** How things are called, by their ids. */
  names: Record<string, string>;
}

/** Things by their names, with the id where the pointer rests. */
function ToWhat({ detail, names }: ToWhatProps) {
  const values = Object.entries(detail).flatMap(([kind, value]) => [value].flat().map((each) => ({ kind, each })));
  return values.map(({ kind, each }, i) => {
    const written = typeof each === "string" ? each : JSON.stringify(each);
    const name = names[written];
    return (
      <span key={`${kind} ${written}`} title={name && written}>
        {i > 0 && ", "}
        <span className="text-ink-3">{kind}</span> {name ? `“${name}”` : written}
      </span>
    );
  });
}
