"use client";

import { FileJson } from "lucide-react";
import type { FC } from "react";
import { useTRPCClient } from "../../_trpc/client";
import { ReadButton } from "./read-button";
import type { WidgetProps } from "./widget-props";

/** The text of a configuration, read from the folder, or the model of the hub, that the other parameters name. */
export const ConfigWidget: FC<WidgetProps> = ({ field, value, others = {}, onChange, disabled }) => {
  const file = field.label === "preprocessor_config.json" ? field.label : "config.json";
  const client = useTRPCClient();
  const read = async () => onChange((await client.data.config.query({ ...placeIn(others), file })) as never);
  return (
    <div>
      <ReadButton icon={FileJson} disabled={disabled} read={read}>
        {value ? `Read ${file} again` : `Read ${file}`}
      </ReadButton>
    </div>
  );
};

function placeIn({ source, folder = "", model = "", revision = "main" }: Readonly<Record<string, unknown>>) {
  return source === "hub" ? { model: String(model), revision: String(revision) } : { folder: String(folder) };
}
