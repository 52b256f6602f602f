import { useQuery } from "@tanstack/react-query";
import { Users } from "lucide-react";
import { useRouter } from "next/navigation";
import { useTRPC } from "../../_trpc/client";
import { useEditorStore } from "../context";
import { MenuItem } from "./menu";

/** The way to who may do what with the graph, where there are accounts. */
export function PeopleItem() {
  const { data: me } = useQuery(useTRPC().account.me.queryOptions());
  const { graphId, frozen } = useEditorStore().getState();
  const router = useRouter();
  if (me?.kind !== "user" || frozen) return null;
  return (
    <MenuItem icon={Users} onSelect={() => router.push(`/graphs/${graphId}/people`)}>
      Who may see it…
    </MenuItem>
  );
}
