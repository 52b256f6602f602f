/** What the description of a system says: how its template becomes the step of a fixture. Nothing is computed here. */
import type { Tensor } from "#nodes/core/values";

/** The sizes of a fixture, as its step.json has them. Most are numbers. */
export type Config = Readonly<Record<string, number>>;

/** The optimizer of a fixture. */
export interface OptimizerSpec {
  kind: string;
  lr: number;
  betas?: [number, number];
  eps?: number;
  momentum?: number;
  weight_decay: number;
}

/**
 * A wire, by where it comes from: "node.port", and "instance/node.port" inside of a composite. An input may take the
 * place of several wires, or have another form there.
 */
export type Wire = string;
export type Given = Wire | readonly Wire[] | { wires: readonly Wire[]; as(given: Tensor, config: Config): Tensor };

export interface System {
  /** What step.json calls it. */
  system: string;
  /** The template's file in nodes/templates, without its ending. */
  template: string;
  /** The trainer's id; "trainer" where it is absent. */
  trainer?: string;
  /** Which of the trainer's stages the step is of; the first where it is absent. */
  stage?: number;
  /**
   * The template's constants for these sizes. The constant `batch` is set besides, and so are the trainer's own
   * parameters: its optimizer is the fixture's.
   */
  constants(config: Config): Readonly<Record<string, number | string | undefined>>;
  /**
   * Parameters of the template's nodes that are no constants there, by type of node: of published checkpoints alone.
   */
  params?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Which wires each `in.NAME` takes the place of. */
  inputs: PerConfig<Given>;
  /** Which wire each `mid.NAME` is; undefined: none, for a reason told beside it. */
  mid: PerConfig<Wire | undefined>;
  /** Which wire each `loss.NAME` is; `total` is what the trainer minimises, and needs none. */
  losses?: PerConfig<Wire>;
  /** Which wire each `mid.NAME` is that is computed outside of training, with the parameters before the step. */
  outside?: PerConfig<Wire>;
  /** What the graph calls a tensor of the checkpoint, where that is another name. */
  nameOf?(name: string): string;
}

export type PerConfig<T> = Readonly<Record<string, T>> | ((config: Config) => Readonly<Record<string, T>>);

export function forConfig<T>(table: PerConfig<T>, config: Config): Readonly<Record<string, T>> {
  return typeof table === "function" ? table(config) : table;
}
