"use client";

import { LoaderCircle, TableProperties } from "lucide-react";
import { type FC, useState } from "react";
import { problemOf, useTRPCClient } from "../../_trpc/client";
import { Button } from "../../_ui/button";
import type { WidgetProps } from "./widget-props";

/** A table of columns, filled with what the files have that the parameters `folder` and `files` name. */
export function columnsOf(Table: FC<WidgetProps>): FC<WidgetProps> {
  return function ColumnsWidget(props) {
    const { others = {}, onChange, disabled } = props;
    const client = useTRPCClient();
    const [isBusy, setIsBusy] = useState(false);
    const [problem, setProblem] = useState<string>();
    const read = async () => {
      setIsBusy(true);
      setProblem(undefined);
      try {
        const files = { folder: String(others.folder ?? ""), files: String(others.files ?? "") };
        onChange((await client.data.columns.query(files)) as never);
      } catch (error) {
        const { message, hint = "" } = problemOf(error);
        setProblem(`${message} ${hint}`);
      }
      setIsBusy(false);
    };
    return (
      <div>
        <Button size="s" disabled={disabled || isBusy} onClick={() => void read()}>
          {isBusy ? (
            <LoaderCircle className="size-3.5 animate-spin" aria-hidden />
          ) : (
            <TableProperties className="size-3.5" aria-hidden />
          )}
          Read the columns
        </Button>
        {problem && <p className="mt-1 text-[11px] wrap-anywhere text-bad">{problem}</p>}
        <div className="mt-1.5">
          <Table {...props} />
        </div>
      </div>
    );
  };
}
