import type { Port } from "#nodes/core/ports";

/** What the view of a node's output is given. */
export interface PreviewProps<P> {
  preview: P;
  /** The port's name. */
  name: string;
  port?: Port;
  /** It is being made: what is new is at its end. */
  isGrowing?: boolean;
  /** In a window of its own instead of on the node. */
  large?: boolean;
}
