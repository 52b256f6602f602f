"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RefreshCw, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { countOf } from "../_ui/amounts";
import { Button, IconButton } from "../_ui/button";
import { Complaint } from "../_ui/page";
import { Window } from "../_ui/window";

/** The registries of templates that this installation is subscribed to, for whoever operates it. */
export function RegistriesWindow({ onClose }: { onClose(): void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const { data, error } = useQuery(trpc.registries.list.queryOptions());
  const [address, setAddress] = useState("");
  async function onSuccess(): Promise<void> {
    await queries.invalidateQueries({ queryKey: trpc.registries.list.queryKey() });
    router.refresh();
  }
  const subscribe = useMutation(
    trpc.registries.subscribe.mutationOptions({
      onSuccess() {
        setAddress("");
        return onSuccess();
      },
    }),
  );
  const refresh = useMutation(trpc.registries.refresh.mutationOptions({ onSuccess }));
  const unsubscribe = useMutation(trpc.registries.unsubscribe.mutationOptions({ onSuccess }));
  const failed = error ?? subscribe.error ?? refresh.error ?? unsubscribe.error;
  return (
    <Window title="Registries of templates" width={600} onClose={onClose}>
      {failed && <Complaint>{`${problemOf(failed).message} ${problemOf(failed).hint ?? ""}`}</Complaint>}
      <p className="mb-3 text-ink-2">
        Folders and addresses with templates of others. Their templates are in the gallery, and are downloaded and
        checked when somebody uses them.
      </p>
      <ul className="divide-y divide-line rounded-lg border border-line empty:hidden" data-registries>
        {data?.map((registry) => (
          <RegistryRow key={registry.id} registry={registry} onRemove={() => unsubscribe.mutate({ id: registry.id })} />
        ))}
      </ul>
      <form
        className="mt-3 flex items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (address.trim()) subscribe.mutate({ address });
        }}
      >
        <input
          className="field min-w-0 flex-1"
          aria-label="Folder or address"
          placeholder="/srv/templates or https://templates.example.org"
          value={address}
          onChange={(event) => setAddress(event.target.value)}
        />
        <Button type="submit" look="primary" disabled={!address.trim() || subscribe.isPending}>
          Subscribe
        </Button>
        <IconButton label="Read all again" onClick={() => refresh.mutate()}>
          <RefreshCw className="size-4" aria-hidden />
        </IconButton>
      </form>
      <p className="mt-2 text-xs text-ink-3">Allowed is what PATCHBAY_REGISTRIES lists.</p>
    </Window>
  );
}

type Registry = Outputs["registries"]["list"][number];

function RegistryRow({ registry, onRemove }: { registry: Registry; onRemove(): void }) {
  const { title, address, templates, readAt, error } = registry;
  return (
    <li className="flex items-center gap-3 px-3 py-2">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{title}</p>
        <p className="truncate font-mono text-2xs text-ink-2">{address}</p>
        <p className="text-xs text-ink-3">
          {countOf(templates, "template")}
          {readAt && (
            <>
              {" "}
              · read <Ago date={readAt} />
            </>
          )}
        </p>
        {error && <p className="text-xs wrap-anywhere text-bad">{error}</p>}
      </div>
      <IconButton label={`Give up ${title}`} onClick={onRemove}>
        <Trash2 className="size-4" aria-hidden />
      </IconButton>
    </li>
  );
}
