import type { ReactNode } from "react";

/** A template as its card shows it, and how a graph is made of it. */
export interface TemplateEntry {
  key: string;
  name: string;
  description: string;
  nodes?: number;
  trains: boolean;
  group: string;
  /** Where it stands: with those that ship, of a team, of everybody here, or of a registry. */
  shelf: Shelf;
  /** Of a team that the visitor is in, whoever finds it. */
  isOfMyTeam?: boolean;
  licence?: string;
  tags: readonly string[];
  needs: readonly string[];
  /** What a run took where it was measured: seconds, bytes, on how many cores, and how many processes wanted them. */
  measured?: { seconds: number; memory?: number; cores?: number; load?: number };
  /** What the last whole run of it took here, with nothing kept before. */
  secondsHere?: number;
  /** How many graphs were made of it here. */
  uses?: number;
  version?: number;
  /** The team or the registry that it is of. */
  by?: string;
  changedAt?: number;
  source: { template: string } | { published: string } | { registry: string; fromRegistry: string };
  picture: ReactNode;
}

export type Shelf = "shipped" | "team" | "everyone" | "registry";
