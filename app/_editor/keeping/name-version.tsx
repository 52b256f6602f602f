"use client";

import { useState } from "react";
import { toast } from "../../_ui/toast";
import { useTRPCClient } from "../../_trpc/client";
import { Button } from "../../_ui/button";
import { Window } from "../../_ui/window";
import { useActions } from "../actions";
import { useEditor, useEditorStore } from "../context";
import { complain } from "../saving";

export function NameVersion() {
  const store = useEditorStore();
  const isNaming = useEditor((state) => state.isNaming);
  return isNaming ? <NameWindow onClose={() => store.setState({ isNaming: false })} /> : null;
}

function NameWindow({ onClose }: { onClose(): void }) {
  const client = useTRPCClient();
  const graph = useEditor((state) => state.graphId) ?? "";
  const { save } = useActions();
  const [label, setLabel] = useState("");
  const [isSaving, setSaving] = useState(false);
  async function keep(): Promise<void> {
    setSaving(true);
    try {
      if (!(await save())) return void toast.error("Not named: the server does not have this state yet.");
      const { number } = await client.graphs.nameVersion.mutate({ id: graph, label });
      toast(`“${label.trim()}” is version ${number}.`);
      onClose();
    } catch (error) {
      complain(error);
    } finally {
      setSaving(false);
    }
  }
  return (
    <Window title="Name this version" width={440} onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (label.trim()) void keep();
        }}
      >
        <p className="text-ink-2">
          Everything is saved by itself. A version with a name stays for good, and is gone back to whenever you like.
        </p>
        <input
          className="field"
          aria-label="Name"
          placeholder="What makes it worth keeping"
          value={label}
          maxLength={100}
          // biome-ignore lint/a11y/noAutofocus: the window asks for nothing else
          autoFocus
          onChange={(event) => setLabel(event.target.value)}
        />
        <Button type="submit" look="primary" className="self-end" disabled={!label.trim() || isSaving}>
          Keep
        </Button>
      </form>
    </Window>
  );
}
