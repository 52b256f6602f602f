/** What an experiment is: arms of one template, trained with several seeds, and what of each run is measured. */
import type { GraphDocument } from "#nodes/graph/document";
import type { Assignment } from "#nodes/graph/sweep";

/** An edit of the graph where parameters do not suffice, such as another wire. */
export type Wiring = (graph: GraphDocument) => GraphDocument;

export interface Arm {
  /** Parameters as "node.param", constants as "$.name", nodes in a composite as "composite/node.param". */
  set?: Assignment;
  wiring?: Wiring;
  /** The place on the chart's x axis and the line there, where the experiment's chart is one of a measure. */
  x?: string;
  line?: string;
}

/** A number that a run gives: a node's output, or what is worked out of several. */
export type Measure = string | { of: readonly string[]; by(...values: readonly unknown[]): number };

export interface Experiment {
  /** What is compared, as a heading. */
  title: string;
  /** What is expected, as a sentence. */
  expects: string;
  template: string;
  /** What all arms have. */
  set: Assignment;
  wiring?: Wiring;
  arms: Readonly<Record<string, Arm>>;
  /** Parameters that are given a run's seed. */
  seeds: readonly string[];
  /** What they are given in the run with the seed 0, where another training in the graph has drawn with 0 before. */
  firstSeed?: number;
  /**
   * By what the tables call them; all are shares of 1 unless they are named in `plain`. The first one is the metric.
   */
  measures: Readonly<Record<string, Measure>>;
  plain?: readonly string[];
  /** A chart of a measure over the arms' `x`, whose axis it names; otherwise the loss by step is drawn. */
  chart?: { measure: string; x: string };
  /** Where the loss is drawn from, where that is not the node `trainer`. */
  trainer?: string;
}

export type Experiments = Readonly<Record<string, Experiment>>;

/** What is kept of an arm's run. */
export interface Run {
  arm: string;
  seed: number;
  measures: Record<string, number>;
  /** The mean loss of as many parts of the training as there are numbers. */
  loss: number[];
  steps: number;
}
