"use client";

import { FileJson } from "lucide-react";
import type { FC } from "react";
import { useTRPCClient } from "../../_trpc/client";
import { useGraphId } from "../context";
import { ReadButton } from "./read-button";
import type { WidgetProps } from "./widget-props";

/** The text of a configuration, read from the folder, or the model of the hub, that the other parameters name. */
export const ConfigWidget: FC<WidgetProps> = ({ field, value, others = {}, onChange, disabled }) => {
  const file = field.label === "preprocessor_config.json" ? field.label : "config.json";
  const client = useTRPCClient();
  const graph = useGraphId();
  const read = async () => onChange((await client.data.config.query({ ...placeIn(others, graph), file })) as never);
  return (
    <div>
      <ReadButton icon={FileJson} disabled={disabled} read={read}>
        {value ? `Read ${file} again` : `Read ${file}`}
      </ReadButton>
    </div>
  );
};

function placeIn(others: Readonly<Record<string, unknown>>, graph: string | undefined) {
  const { source, folder = "", model = "", revision = "main", token } = others;
  if (source !== "hub") return { folder: String(folder) };
  return { model: String(model), revision: String(revision), token: token ? String(token) : undefined, graph };
}
