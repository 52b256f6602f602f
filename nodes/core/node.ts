import type * as z from "zod";
import type { Init, Value } from "#models/onnx/graph";
import type { Ops } from "#models/onnx/ops/index";
import type { Host } from "./host";
import type { GraphValues, HostValues, Ports } from "./ports";
import type { Series } from "./values";

declare module "zod" {
  interface GlobalMeta {
    label?: string;
    widget?: Widget;
    scale?: "linear" | "log";
    unit?: string;
    /** Folded away in the inspector until asked for. */
    advanced?: boolean;
    /** For text fields: an example value. */
    placeholder?: string;
  }
}
export type Widget = "number" | "slider" | "text" | "textarea" | "select" | "multiselect" | "toggle" | "seed" | "color" | "images" | "upload" | "list" | "table";
export type Params = z.core.$ZodLooseShape;
export type ParamValues<P extends Params> = z.output<z.ZodObject<P>>;

interface Described<I extends Ports, O extends Ports, P extends Params> {
  /** folder.file, for example "image.resize" for nodes/image/resize.ts. */
  type: string;
  title: string;
  /** One sentence, shown in the palette. */
  description: string;
  /** Markdown: shapes, units, errors, and the source (paper section or reference implementation). */
  docs?: string;
  /** Raised when the meaning of saved params changes; `upgrade[version]` turns the params of version−1 into this one's. */
  version: number;
  upgrade?: Record<number, (old: Record<string, unknown>) => Record<string, unknown>>;
  inputs: I;
  outputs: O;
  params: P;
  /** A node whose outputs are worth keeping: it ends a region, so that what follows never re-runs it. */
  expensive?: boolean;
  /** Says what is wrong with parameters that are each fine but do not go together. */
  check?(params: ParamValues<P>): { param: string; message: string; hint?: string } | undefined;
  /** What the parameters mean, drawn in the inspector while they are edited, such as a schedule. */
  preview?(params: ParamValues<P>): Series;
}

/** Emits ONNX. Never sees data; neighbouring tensor nodes become one model, and it can be differentiated. */
export interface TensorBehaviour<I extends Ports, O extends Ports, P extends Params> {
  build(c: {
    op: Ops;
    inputs: GraphValues<I>;
    params: ParamValues<P>;
    /** A trainable parameter, named under the node's scope (its `scope` param, or its id). */
    weight(name: string, shape: readonly number[], init: Init): Value;
    /** A tensor that is kept and never trained, such as running statistics; `update` says what it becomes after a training step. */
    buffer(name: string, shape: readonly number[], init: Init): Value;
    update(buffer: Value, next: Value): void;
    /** Whether this is a training step: batch statistics and dropout apply only there. */
    training: boolean;
    /** A constant tensor. */
    constant(data: readonly number[], shape?: readonly number[]): Value;
  }): GraphValues<O>;
  /** Brings a named parameter back into bounds after each optimizer step, e.g. CLIP's clamp of logit_scale to [0, ln 100]. */
  clamp?: Record<string, readonly [min: number, max: number]>;
  run?: undefined;
  rowwise?: undefined;
  random?: undefined;
  fingerprint?: undefined;
  effect?: undefined;
}

/** Runs JavaScript on batches, asking the machine for what it needs through `host`. */
export interface HostBehaviour<I extends Ports, O extends Ports, P extends Params> {
  run(c: { host: Host; inputs: HostValues<I>; params: ParamValues<P> }): Promise<HostValues<O>>;
  /** Works row by row: may be given any rows of its batch inputs. What a trainer may put into its step. */
  rowwise?: boolean;
  /** Draws from `host.random`: within training it runs anew for every batch. */
  random?: boolean;
  /** Its result depends on more than inputs and params (a folder's files): what it returns here enters the cache key. */
  fingerprint?(c: { host: Host; params: ParamValues<P> }): Promise<string>;
  /** Its result must never come from the cache (it has an effect on the world). */
  effect?: boolean;
  build?: undefined;
  clamp?: undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: variance only; a registry holds definitions of every port and parameter type
export type NodeDefinition<I extends Ports = any, O extends Ports = any, P extends Params = any> =
  Described<I, O, P> & (TensorBehaviour<I, O, P> | HostBehaviour<I, O, P>);

/** Declares a node type. See CONTRIBUTING.md. */
export const defineNode = <const I extends Ports, const O extends Ports, P extends Params>(definition: NodeDefinition<I, O, P>) => definition;
