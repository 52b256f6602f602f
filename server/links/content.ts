/** What a link shows, frozen: plain data that names blobs, and nothing else of the installation. */
import type { Preview } from "#nodes/core/preview";
import type { StoredImage } from "#nodes/core/values";
import type { Difference } from "#nodes/graph/differences";
import type { GraphDocument } from "#nodes/graph/document";
import type { RunStatus } from "#nodes/graph/events";

export const linkKinds = ["version", "run", "comparison"] as const;
export type LinkKind = (typeof linkKinds)[number];

export interface SharedContent {
  title: string;
  description: string;
  /** Of a version or a run: the graph, without what its sharer left out. */
  document?: GraphDocument;
  version?: { number: number; label: string };
  runs: SharedRun[];
  /** A picture of it for those who pass the address on. */
  picture?: StoredImage;
  /** The parameters in which the graphs of several runs differ. */
  parameters: Difference[];
}

export interface SharedRun {
  name: string;
  status: RunStatus;
  error?: { message: string; hint?: string };
  provider?: string;
  /** Milliseconds since 1970. */
  finishedAt?: number;
  /** Milliseconds. */
  took?: number;
  /** Number of the version that was run. */
  version?: number;
  /** Number outputs by "node.port". */
  numbers: Record<string, number>;
  /** The nodes whose results are shown, those that nothing reads first. */
  nodes: SharedNode[];
  /** Empty where files stay here. */
  files: SharedFile[];
}

export interface SharedNode {
  id: string;
  title: string;
  previews: Record<string, Preview>;
  /** What a training told, where its previews have no curve. */
  curves: SharedCurve[];
  error?: string;
}

export interface SharedCurve {
  name: string;
  /** Of the x axis. */
  label: string;
  x: number[];
  y: number[];
}

export interface SharedFile {
  node: string;
  name: string;
  ref: string;
  bytes: number;
}
