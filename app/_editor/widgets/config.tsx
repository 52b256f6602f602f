"use client";

import { FileJson, LoaderCircle } from "lucide-react";
import { type FC, useState } from "react";
import { problemOf, useTRPCClient } from "../../_trpc/client";
import { Button } from "../../_ui/button";
import type { WidgetProps } from "./widget-props";

/** The text of a configuration, read from the folder, or the model of the hub, that the other parameters name. */
export const ConfigWidget: FC<WidgetProps> = ({ field, value, others = {}, onChange, disabled }) => {
  const file = field.label === "preprocessor_config.json" ? field.label : "config.json";
  const client = useTRPCClient();
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const read = async () => {
    setIsBusy(true);
    setProblem(undefined);
    try {
      onChange((await client.data.config.query({ ...placeIn(others), file })) as never);
    } catch (error) {
      const { message, hint = "" } = problemOf(error);
      setProblem(`${message} ${hint}`);
    }
    setIsBusy(false);
  };
  const letters = String(value ?? "").length;
  return (
    <div>
      <Button size="s" disabled={disabled || isBusy} onClick={() => void read()}>
        {isBusy ? (
          <LoaderCircle className="size-3.5 animate-spin" aria-hidden />
        ) : (
          <FileJson className="size-3.5" aria-hidden />
        )}
        {letters ? `Read ${file} again` : `Read ${file}`}
      </Button>
      {problem && <p className="mt-1 text-[11px] wrap-anywhere text-bad">{problem}</p>}
    </div>
  );
};

function placeIn({ source, folder = "", model = "", revision = "main" }: Readonly<Record<string, unknown>>) {
  return source === "hub" ? { model: String(model), revision: String(revision) } : { folder: String(folder) };
}
