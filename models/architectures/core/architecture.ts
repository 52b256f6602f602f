/**
 * What a family of Hugging Face's models is to us: the classes that it answers to, what it reads of config.json, and
 * how its forward pass is built. A file of models/architectures exports one family.
 */
import type * as z from "zod";
import type { Builder } from "../../blocks/builder";
import type { DType, Shape, Value } from "../../onnx/graph";
import type { NameRules } from "./names";

/** A tensor that a model takes. Sizes that differ from call to call are letters. */
export interface InputSpec {
  dtype: DType;
  shape: Shape;
  optional?: boolean;
  doc?: string;
  /** Its numbers, not only its sizes, say how the graph is built; so it is no input of the graph. */
  isKnown?: boolean;
  /** What becomes of it follows from inputs that must be known, or from sizes that are: it is no port of a node. */
  isOfCalls?: boolean;
  /** The model's own processor does not give it, so that exported files do not ask for it. */
  isUncommon?: boolean;
}

/** The arguments of a forward pass that are no tensors, by transformers' names, such as `use_itm_head`. */
export type Options = Readonly<Record<string, unknown>>;

/** What a forward pass is built with. */
export interface Forward<C> {
  /** Names parameters as the hub's files do. */
  builder: Builder;
  config: C;
  inputs: Inputs;
  options: Options;
}

/**
 * What a model gives, by transformers' paths (`hidden_states.2`). Nothing is built before it is asked for, so that only
 * what is wanted is in a graph; what is asked for twice is built once.
 */
export type Outputs = Readonly<Record<string, () => Value>>;

/** One class of transformers, such as CLIPModel. */
export interface ArchitectureSpec<C> {
  /** The part of config.json that it reads, with the defaults of transformers' configuration class. */
  config: z.ZodType<C>;
  inputs(config: NoInfer<C>): Readonly<Record<string, InputSpec>>;
  forward(model: Forward<NoInfer<C>>): Outputs;
  /** How names in files become ours. */
  names?: NameRules;
  /** What it sees of pictures. */
  picture?(config: NoInfer<C>): PictureSpec;
  /** What its class makes of prompts before text is generated, where it does anything. */
  prompt?(config: NoInfer<C>, given: Prompt): Prompt;
}

/** The pictures that a model was made for, and how it lays them out. */
export interface PictureSpec {
  /** Height and width. */
  size: readonly [number, number];
  /** Height and width of a patch, where tokens are patches. */
  patch?: readonly [number, number];
  /** Under which of its outputs the states of the picture encoder are: "" or "vision_model_output.". */
  states?: string;
  /** How many tokens come before the patches. */
  before?: number;
}

/** Prompts of so many rows. */
export interface Prompt {
  rows: number;
  ids?: readonly (readonly number[])[];
  /** 1 where a token counts. */
  mask?: readonly (readonly number[])[];
  /** What it asks of generation, by the names of generation_config.json. */
  settings?: Readonly<Record<string, unknown>>;
}

/** A class whose configuration was read. */
export interface OpenArchitecture {
  inputs: Readonly<Record<string, InputSpec>>;
  names: NameRules;
  picture?: PictureSpec;
  prompt(given: Prompt): Prompt;
  forward(builder: Builder, inputs: Inputs, options?: Options): Outputs;
}

export interface Architecture {
  /** Throws a ZodError for a configuration that it cannot be built from. */
  open(config: unknown): OpenArchitecture;
  /** The fields of config.json that it reads. */
  readonly fields: readonly string[];
}

export interface Family {
  /** The classes it answers to, by the names that `architectures` of config.json gives. */
  classes: Readonly<Record<string, Architecture>>;
  /** The class that a `model_type` means where config.json names none. */
  modelTypes: Readonly<Record<string, string>>;
}

export const defineFamily = (family: Family): Family => family;

/** Keeps what belongs together by type: the configuration that is read is the one that is built from. */
export function architecture<C>(spec: ArchitectureSpec<C>): Architecture {
  return {
    fields: fieldsOf(spec.config),
    open(json) {
      const config = spec.config.parse(json);
      return {
        inputs: spec.inputs(config),
        names: spec.names ?? {},
        picture: spec.picture?.(config),
        prompt: (given) => spec.prompt?.(config, given) ?? given,
        forward: (builder, inputs, options = {}) =>
          remembered(spec.forward({ builder: { ...builder, linearLayout: "out-in" }, config, inputs, options })),
      };
    },
  };
}

/** The names of an object's fields, through whatever is made of it afterwards. */
function fieldsOf(schema: z.ZodType): string[] {
  const { def } = schema as unknown as { def: { in?: z.ZodType; out?: z.ZodType; shape?: object } };
  if (def.shape) return Object.keys(def.shape);
  return [def.in, def.out].flatMap((part) => (part ? fieldsOf(part) : []));
}

/** An input that an output cannot be built without. */
export class MissingInput extends Error {
  constructor(readonly input: string) {
    super(`the input “${input}” is missing`);
  }
}

/** The inputs of a forward pass that are there. */
export class Inputs {
  readonly #values: Readonly<Record<string, Value | undefined>>;
  readonly #numbers: Readonly<Record<string, readonly number[]>>;

  constructor(
    values: Readonly<Record<string, Value | undefined>>,
    numbers: Readonly<Record<string, readonly number[]>> = {},
    /** The tokens of each prompt, where text is generated from prompts that are known. */
    readonly prompts?: readonly (readonly number[])[],
  ) {
    this.#values = values;
    this.#numbers = numbers;
  }

  /** The numbers of an input that is known while the graph is built. */
  known(name: string): readonly number[] | undefined {
    return this.#numbers[name];
  }

  /** One that may be left out. */
  given(name: string): Value | undefined {
    return this.#values[name];
  }

  /** One that is needed. */
  need(name: string): Value {
    const value = this.#values[name];
    if (!value) throw new MissingInput(name);
    return value;
  }
}

/** A function whose result is kept. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const remembered = (outputs: Outputs): Outputs =>
  Object.fromEntries(Object.entries(outputs).map(([path, make]) => [path, once(make)]));

/** The states before, between and behind layers: `state(k)` is what k layers made, built as far as it is asked for. */
export function layered(
  first: () => Value,
  count: number,
  layer: (x: Value, index: number) => Value,
): (index: number) => Value {
  const states: Value[] = [];
  return (index) => {
    if (index < 0 || index > count) throw new Error(`there is no state ${index} of ${count} layers`);
    if (!states.length) states.push(first());
    for (let i = states.length; i <= index; i++) states.push(layer(states[i - 1] as Value, i - 1));
    return states[index] as Value;
  };
}

/** `hidden_states.0` to `hidden_states.count`. */
export function hiddenStates(count: number, state: (index: number) => Value, prefix = ""): Outputs {
  const paths = Array.from({ length: count + 1 }, (_, i) => [`${prefix}hidden_states.${i}`, () => state(i)] as const);
  return Object.fromEntries(paths);
}

/** Outputs under a prefix, as those of a part of the model. */
export const under = (prefix: string, outputs: Outputs): Outputs =>
  Object.fromEntries(Object.entries(outputs).map(([path, make]) => [`${prefix}.${path}`, make]));
