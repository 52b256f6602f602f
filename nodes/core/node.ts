import type * as z from "zod";
import type { NameRules } from "#models/architectures/core/names";
import type { Graph, Init, Value } from "#models/onnx/graph";
import type { Beside } from "#models/onnx/import/external";
import type { Source } from "#models/onnx/import/fields";
import type { Ops } from "#models/onnx/ops/index";
import type { Bounds } from "#models/train/step";
import type { Host } from "./host";
import type { GraphValues, HostValues, Ports } from "./ports";
import type { PictureDrawing } from "./preview";
import type { Series, Tie } from "./values";

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
    /** In forms only while each of these parameters has one of these values: otherwise it means nothing. */
    when?: Readonly<Record<string, readonly string[]>>;
    /** Each item of the list, or each line of the text that is not empty, makes a row of all that the node gives. */
    rows?: "items" | "lines";
  }
}
export type Widget =
  | "number"
  | "slider"
  | "text"
  | "textarea"
  | "select"
  | "multiselect"
  | "toggle"
  | "seed"
  | "color"
  | "images"
  | "upload"
  | "columns"
  | "config"
  | "secret"
  | "list"
  | "table";
export type Params = z.core.$ZodLooseShape;
export type ParamValues<P extends Params> = z.output<z.ZodObject<P>>;

/** How files that are chosen for a parameter are read before anything is sent. */
export interface Inspect {
  /**
   * How the name of the file that is meant ends, in small letters, where several are chosen; of several endings the
   * first that any of them has.
   */
  ending: string | readonly string[];
  /**
   * Gives what is kept of it beside its reference, and with `files` the paths of those beside it that belong to it and
   * are stored too.
   */
  read(source: Source, beside: Beside): Promise<{ files?: readonly string[] } & object>;
}

/** What a node on a weights wire says of the tensors that come through, by patterns of their names. */
export interface WeightsMarks {
  /** These do not train. */
  frozen?: readonly string[];
  /** Matrices that get a low-rank adapter each, which trains. */
  adapters?: { rank: number; targets: readonly string[] };
  /** Names that are second ones of other tensors. */
  ties?: readonly Tie[];
  /** What was said before it holds no more, as of adapters that are folded in. */
  forgets?: true;
}

interface Described<I extends Ports, O extends Ports, P extends Params> {
  /** folder.file, for example "image.resize" for nodes/image/resize.ts. */
  type: string;
  title: string;
  /** One sentence, shown in the palette. */
  description: string;
  /**
   * What users of other tools call it, such as "ViT" or "BatchNorm1d", where none of the above says so: it is found by
   * these, too. The browser asks for them when somebody searches.
   */
  synonyms?: readonly string[];
  /** Markdown: shapes, units, errors, and the source (paper section or reference implementation). */
  docs?: string;
  /**
   * Raised when the meaning of saved params changes; `upgrade[version]` turns the params of version−1 into this
   * one's.
   */
  version: number;
  upgrade?: Record<number, (old: Record<string, unknown>) => Record<string, unknown>>;
  inputs: I;
  outputs: O;
  params: P;
  /**
   * Ports that follow from the parameters, beside the ones above or, for outputs, in their place: those of an imported
   * model.
   */
  ports?(params: ParamValues<P>): {
    inputs?: Ports;
    outputs?: Ports;
    batch?: number;
    perBatch?: boolean;
    decodes?: { tokens: string; mask?: string };
    notice?: string;
  };
  /** How files that Patchbay did not write name its parameters. */
  names?(params: ParamValues<P>): NameRules | undefined;
  /** How many rows it takes at a time where it takes no others, as a model that was exported for one batch. */
  batch?: number;
  /** For a tensor node that is a host node with some parameters: what it does then. */
  instead?(params: ParamValues<P>): Instead | undefined;
  /** How uploaded files are read by whoever uploads them, by parameter, before anything is sent. */
  inspect?: Record<string, Inspect>;
  /** For a tensor node that text is generated with: which of its inputs take tokens and their mask, int64 [B, L]. */
  decodes?: { tokens: string; mask?: string };
  /**
   * For a tensor node that makes embeddings of tokens, which a decoder reads in their place: its input that takes the
   * tokens.
   */
  embeds?: { tokens: string };
  /**
   * Which input stands in for an output where the node is bypassed. Where it says nothing: the only one of the output's
   * type whose shape unifies with it. An output that is not named has none.
   */
  bypass?: Readonly<Record<string, string>>;
  /** For a node on a weights wire: which of the tensors train behind it, for who shows that before anything runs. */
  marks?(params: ParamValues<P>): WeightsMarks;
  /** A node whose outputs are worth keeping: it ends a region, so that what follows never re-runs it. */
  expensive?: boolean;
  /** Says what is wrong with parameters that are each fine but do not go together. */
  check?(params: ParamValues<P>): { param: string; message: string; hint?: string } | undefined;
  /** What the parameters mean, drawn in the inspector while they are edited, such as a schedule. */
  preview?(params: ParamValues<P>): Series;
  /** What becomes of a picture of a size that comes in, drawn over it before anything runs; nothing of wrong params. */
  draws?(params: ParamValues<P>, size: { width: number; height: number }): PictureDrawing | undefined;
  /** A sentence on what the node does with its parameters as they are, shown small on it. */
  notice?: string;
  /**
   * For a node that says where things lie in the rows that it gives: the settings that decide it, by their names.
   * `undefined` for what does not count with the others as they are.
   */
  layout?(params: ParamValues<P>): Record<string, string | number | undefined>;
  /** What comes in at its tensor inputs is put together, and must have been laid out by equal settings. */
  needsOneLayout?: true;
}

/** Emits ONNX. Never sees data; neighbouring tensor nodes become one model, and it can be differentiated. */
export interface TensorBehaviour<I extends Ports, O extends Ports, P extends Params, R> {
  /**
   * Loads what `build` needs of the machine, such as a file. Where there is none, in the browser, the ports are
   * taken as declared.
   */
  prepare?(c: { host: Host; params: ParamValues<P> }): Promise<R>;
  build(c: {
    op: Ops;
    /** The graph that `op` emits into, for what finds its ops by name. */
    graph: Graph;
    inputs: GraphValues<I>;
    params: ParamValues<P>;
    /** What `prepare` gave. */
    prepared?: R;
    /** The outputs that are read, all where it is absent: others may be left out, with what builds them alone. */
    asked?: ReadonlySet<string>;
    /** A trainable parameter, named under the node's scope (its `scope` param, or its id). */
    weight(name: string, shape: readonly number[], init: Init): Value;
    /**
     * A tensor that is kept and never trained, such as running statistics; `update` says what it becomes after a
     * training step.
     */
    buffer(name: string, shape: readonly number[], init: Init): Value;
    update(buffer: Value, next: Value): void;
    /** Whether a buffer's name is frozen: running statistics then stay what they are, and training reads them too. */
    isFrozen(buffer: Value): boolean;
    /** Whether this is a training step: batch statistics and dropout apply only there. */
    training: boolean;
    /** A constant tensor. */
    constant(data: readonly number[], shape?: readonly number[]): Value;
  }): GraphValues<O>;
  /**
   * Brings a named parameter back into bounds after each optimizer step, e.g. CLIP's clamp of logit_scale to
   * [0, ln 100]; or "before" each step, as ALBEF's temperature.
   */
  clamp?: Record<string, Bounds>;
  fingerprint?(c: { host: Host; params: ParamValues<P> }): Promise<string>;
  run?: undefined;
  reduce?: undefined;
  allRows?: undefined;
  rowwise?: undefined;
  random?: undefined;
  perBatch?: undefined;
  effect?: undefined;
  fileBytes?: undefined;
}

/** Runs JavaScript on batches, asking the machine for what it needs through `host`. */
export interface HostBehaviour<I extends Ports, O extends Ports, P extends Params> {
  run?(c: { host: Host; inputs: HostValues<I>; params: ParamValues<P> }): Promise<HostValues<O>>;
  /** Instead of `run`: folds rows chunk by chunk, so that its memory does not depend on how many there are. */
  reduce?: {
    /** The inputs that come in chunks, all of the same rows. */
    rows: readonly (keyof I & string)[];
    /** Begins with no rows; `inputs` holds the others, whole. */
    start(c: { host: Host; inputs: HostValues<I>; params: ParamValues<P> }): Reducer<I, O>;
  };
  /**
   * Why it needs all rows at once, where it neither folds them nor works row by row, or where its rows may meet; and
   * what to do where they are too many: shown when they do not fit into memory.
   */
  allRows?: string;
  /** Works row by row: may be given any rows of its batch inputs. What a trainer may put into its step. */
  rowwise?: boolean;
  /** Draws from `host.random`: within training it runs anew for every batch. */
  random?: boolean;
  /**
   * Its result's shape follows from which rows meet, such as the longest text of a batch: within training it runs
   * for every batch. Elsewhere it gets its rows in chunks, and pads to what `host.commonSizes` says. An output whose
   * sizes are numbers, parameters or letters of inputs is that of each row alone all the same: what is frozen behind it
   * runs once for each row.
   */
  perBatch?: boolean;
  /**
   * Its result depends on more than inputs and params (a folder's files): what it returns here enters the cache
   * key.
   */
  fingerprint?(c: { host: Host; params: ParamValues<P> }): Promise<string>;
  /** What the files of a model take that it loads to run: where that does not fit, it is told before a run begins. */
  fileBytes?(c: { host: Host; params: ParamValues<P> }): Promise<number>;
  /** Its result must never come from the cache (it has an effect on the world). */
  effect?: boolean;
  build?: undefined;
  prepare?: undefined;
  clamp?: undefined;
}

export interface Reducer<I extends Ports, O extends Ports> {
  /** Takes a chunk of rows in; `first` is the number of the first of them. */
  add(rows: HostValues<I>, first: number): Promise<void> | void;
  finish(): Promise<HostValues<O>> | HostValues<O>;
  /** Lets go of what it holds outside of memory, where it does not come to the end. */
  abandon?(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: variance only; a registry holds definitions of every type
export type NodeDefinition<I extends Ports = any, O extends Ports = any, P extends Params = any, R = any> = Described<
  I,
  O,
  P
> &
  (TensorBehaviour<I, O, P, R> | HostBehaviour<I, O, P>);

/** Definitions by their types. */
export type Registry = Readonly<Record<string, NodeDefinition>>;

/** How a tensor node runs on the host instead. Of its inputs it has only those that follow from the parameters. */
export interface Instead extends Omit<HostBehaviour<Ports, Ports, Params>, "build" | "prepare" | "clamp"> {
  /** Why, in a sentence for the person: it is shown on the node. */
  notice: string;
  /** How many rows it takes at a time where it takes no others. */
  batch?: number;
}

/** Declares a node type. See CONTRIBUTING.md. */
export function defineNode<const I extends Ports, const O extends Ports, P extends Params, R>(
  definition: NodeDefinition<I, O, P, R>,
): NodeDefinition<I, O, P, R> {
  const { reduce } = definition as HostBehaviour<I, O, P>;
  if (!reduce) return definition;
  return {
    ...definition,
    async run(c) {
      const reducer = reduce.start(c);
      try {
        await reducer.add(c.inputs, 0);
        return await reducer.finish();
      } catch (error) {
        await reducer.abandon?.();
        throw error;
      }
    },
  } as NodeDefinition<I, O, P, R>;
}

/** The definition with the ports and the behaviour that these parameters ask for. */
export function withPorts(definition: NodeDefinition, params: ParamValues<Params>): NodeDefinition {
  if (!definition.ports) return definition;
  const { inputs, outputs, ...others } = definition.ports(params);
  const instead = definition.instead?.(params);
  if (!instead)
    return {
      ...definition,
      inputs: { ...inputs, ...definition.inputs },
      outputs: { ...definition.outputs, ...outputs },
      ...others,
    } as NodeDefinition;
  const { build: _build, prepare: _prepare, clamp: _clamp, fingerprint: _fingerprint, ...described } = definition;
  return { ...described, ...instead, inputs: { ...inputs }, outputs: { ...outputs } };
}
