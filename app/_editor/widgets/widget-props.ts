import type { GraphNode } from "#nodes/graph/document";
import type { Field } from "./describe";

/** What every widget is given: the field it edits, its value, and whom to tell of a change. */
export interface WidgetProps {
  id: string;
  field: Field;
  value: unknown;
  /** `undefined` leaves an optional value out. Changes with the same `part` in a row are one step of undo. */
  onChange(value: GraphNode["params"][string] | undefined, part?: string): void;
  /** What the node's parameters are, for a widget that needs another one's. */
  others?: GraphNode["params"];
  disabled?: boolean;
}
