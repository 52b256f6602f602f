"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTRPC } from "../../_trpc/client";
import { useGraphId } from "../context";
import type { WidgetProps } from "./widget-props";

/** Chooses a secret of the team by its name. What it says never comes here. */
export function SecretWidget({ id, value, onChange, disabled }: WidgetProps) {
  const trpc = useTRPC();
  const graph = useGraphId();
  const { data: secrets } = useQuery(trpc.teams.secrets.queryOptions({ graph }, { enabled: !disabled, retry: false }));
  const chosen = typeof value === "string" ? value : "";
  const names = (secrets ?? []).map(({ name }) => name);
  const isGone = chosen !== "" && secrets !== undefined && !names.includes(chosen);
  return (
    <>
      <select
        id={id}
        className="field"
        value={chosen}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value || undefined)}
      >
        <option value="">none</option>
        {chosen !== "" && !names.includes(chosen) && <option>{chosen}</option>}
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {isGone && <p className="mt-1 text-2xs text-bad">The team keeps no secret of this name.</p>}
      {secrets && !disabled && (
        <p className="mt-1 text-2xs text-ink-3">
          <Link href="/account" className="text-accent hover:underline">
            Keep a secret
          </Link>{" "}
          on the page of the team.
        </p>
      )}
    </>
  );
}
