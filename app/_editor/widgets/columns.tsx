"use client";

import { TableProperties } from "lucide-react";
import type { FC } from "react";
import { useTRPCClient } from "../../_trpc/client";
import { ReadButton } from "./read-button";
import type { WidgetProps } from "./widget-props";

/** A table of columns, filled with what the files have that the parameters `folder` and `files` name. */
export function columnsOf(Table: FC<WidgetProps>): FC<WidgetProps> {
  return function ColumnsWidget(props) {
    const { others = {}, onChange, disabled } = props;
    const client = useTRPCClient();
    const read = async () => {
      const files = { folder: String(others.folder ?? ""), files: String(others.files ?? "") };
      onChange((await client.data.columns.query(files)) as never);
    };
    return (
      <div>
        <ReadButton icon={TableProperties} disabled={disabled} read={read}>
          Read the columns
        </ReadButton>
        <div className="mt-1.5">
          <Table {...props} />
        </div>
      </div>
    );
  };
}
