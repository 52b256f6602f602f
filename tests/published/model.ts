/** What the description of a published model says: how a system's template becomes the model of a folder. */
import type { Tensor } from "#nodes/core/values";
import type { Case } from "../conformance/set";
import type { Given, System } from "../systems/system";

/** A folder's config.json, with what a case of its sets otherwise. */
// biome-ignore lint/suspicious/noExplicitAny: a file of others, read only by these tests
export type HubConfig = any;
export type Tensors = Readonly<Record<string, Tensor>>;

export interface Published {
  /** What transformers calls the model. */
  className: string;
  /** Whether it is a forward case of this description; all are where it is absent. */
  isOf?(asked: Case): boolean;
  template: string;
  /** The template's constants for the folder's sizes. */
  constants(config: HubConfig, weights: Tensors): ReturnType<System["constants"]>;
  /** Parameters that no constant of the template sets, by type of node. */
  params?(config: HubConfig, asked: Case): NonNullable<System["params"]>;
  /** What the model is given, by the wires that it takes the place of. */
  given: Readonly<Record<string, Given>>;
  /** Inputs that no file has, by the names that `given` calls them by. */
  made?(inputs: Tensors, config: HubConfig): Tensors;
  /**
   * The wire that each output is, of those that a case has; several, and a way to make the output of them, where the
   * template has no such wire.
   */
  outputs: Readonly<Record<string, string | Derived>>;
}

export interface Derived {
  wires: readonly string[];
  of(values: readonly Tensor[], weights: Tensors): Tensor;
}
