import type { Wire } from "#nodes/graph/document";
import type { PortRequest } from "./requests";

/** What lies under the pointer. */
export type Target =
  | { kind: "pane" | "node" | "selection" }
  | { kind: "wire"; wire: Wire }
  | { kind: "port"; node: string; port: NonNullable<PortRequest["port"]> };
