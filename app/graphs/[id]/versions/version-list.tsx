"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Bookmark, Clock, Pencil, Play } from "lucide-react";
import { useState } from "react";
import { toast } from "../../../_ui/toast";
import { type Outputs, problemOf, useTRPC } from "../../../_trpc/client";
import { IconButton } from "../../../_ui/button";
import { cx } from "../../../_ui/cx";
import { clockText } from "../../../_ui/times";

export type Version = Outputs["graphs"]["versions"][number];

/** A version as it is spoken of: its name, or its number. */
export const versionName = ({ label, number }: Pick<Version, "label" | "number">): string =>
  label || `Version ${number}`;

interface VersionListProps {
  versions: readonly Version[];
  savedAt: Date;
  chosen: string;
  onChoose(id: string): void;
}

/** All versions, the newest first, under what is there now. */
export function VersionList({ versions, savedAt, chosen, onChoose }: VersionListProps) {
  return (
    <nav aria-label="Versions" className="w-64 shrink-0 overflow-y-auto border-r border-line bg-surface">
      <p className="border-b border-line px-3 py-2 text-xs text-ink-3">Now, saved {clockText(savedAt.getTime())}</p>
      <ul>
        {versions.map((version) => (
          <li key={version.id}>
            <VersionRow version={version} isChosen={version.id === chosen} onChoose={() => onChoose(version.id)} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function VersionRow({ version, isChosen, onChoose }: { version: Version; isChosen: boolean; onChoose(): void }) {
  const [isNaming, setNaming] = useState(false);
  const { label, number, createdAt, run } = version;
  const Icon = label ? Bookmark : run ? Play : Clock;
  if (isNaming) return <NameField version={version} onDone={() => setNaming(false)} />;
  return (
    <div
      className={cx("group flex items-center border-b border-line", isChosen ? "bg-accent-soft" : "hover:bg-sunken")}
    >
      <button
        type="button"
        aria-current={isChosen || undefined}
        onClick={onChoose}
        data-version={number}
        className="flex min-w-0 flex-1 items-start gap-2 px-3 py-2 text-left"
      >
        <Icon className={cx("mt-0.5 size-3.5 shrink-0", label ? "text-accent" : "text-ink-3")} aria-hidden />
        <span className="min-w-0">
          <span className={cx("block truncate", label && "font-medium")}>{versionName(version)}</span>
          <span className="block text-xs text-ink-3">
            {label && `${number} · `}
            {clockText(createdAt.getTime())} · {run ? "run" : label ? "named" : "before changes"}
          </span>
        </span>
      </button>
      <IconButton
        label={`Name version ${number}`}
        className="mr-1 opacity-0 group-hover:opacity-100 focus:opacity-100"
        onClick={() => setNaming(true)}
      >
        <Pencil className="size-3.5" aria-hidden />
      </IconButton>
    </div>
  );
}

function NameField({ version: { id, number, label }, onDone }: { version: Version; onDone(): void }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const rename = useMutation(
    trpc.graphs.renameVersion.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.graphs.versions.queryKey() }),
      onError: (error) => toast.error(problemOf(error).message),
      onSettled: onDone,
    }),
  );
  return (
    <form
      className="border-b border-line px-3 py-2"
      onSubmit={(event) => {
        event.preventDefault();
        rename.mutate({ id, label: String(new FormData(event.currentTarget).get("label")) });
      }}
    >
      <input
        name="label"
        className="field"
        aria-label={`Name of version ${number}`}
        defaultValue={label}
        placeholder={`Version ${number}`}
        maxLength={100}
        // biome-ignore lint/a11y/noAutofocus: it was asked for by a button that is gone now
        autoFocus
        onKeyDown={(event) => event.key === "Escape" && onDone()}
      />
    </form>
  );
}
