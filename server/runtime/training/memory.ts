import { Readable } from "node:stream";
import { safetensorsParts, type TensorToWrite } from "#models/files/safetensors";
import { adapterOn, inputAxisOf } from "#nodes/core/adapters";
import type { Weights } from "#nodes/core/values";
import type { Lowered, LoweredParameter } from "#nodes/graph/lower";
import { endpointKey } from "#nodes/graph/resolve";
import type { Blobs } from "../../storage/blobs";
import type { Checkpoint } from "../checkpoints";
import { emaOf } from "./stage";

/** A parameter of any stage. */
interface KnownParameter extends LoweredParameter {
  shape: readonly number[];
  handle?: Weights;
}

/**
 * How a checkpoint calls a parameter: by its id, which stages agree on. Everything else in it belongs to the stage that
 * ran.
 */
const idPrefix = "p/";

/**
 * The numbers of every parameter of a training as they are now, by id; averages of the trainer's own under `id#ema`.
 */
export class Memory {
  readonly #numbers = new Map<string, Float32Array>();
  readonly #known = new Map<string, KnownParameter>();
  /** What stages that have ended trained, by id. */
  readonly #trained = new Set<string>();

  /** Notes the parameters that a stage brings, with the numbers they start from. */
  note(
    { graph, parameters }: Lowered,
    values: ReadonlyMap<string, Float32Array>,
    handles: ReadonlyMap<string, Weights>,
  ): void {
    const shapes = new Map(graph.parameters.map(({ name, value }) => [name, value.shape as number[]]));
    for (const parameter of parameters) {
      this.#numbers.set(parameter.id, values.get(parameter.graphName) as Float32Array);
      this.#known.set(parameter.id, {
        ...parameter,
        shape: shapes.get(parameter.graphName) ?? [],
        handle: parameter.weights && handles.get(endpointKey(parameter.weights)),
      });
    }
  }

  numbersOf(id: string): Float32Array | undefined {
    return this.#numbers.get(id);
  }

  /** Names of all parameters, as a checkpoint for others has them. */
  names(): string[] {
    return [...this.#known.values()].map(({ name }) => name);
  }

  /** Takes over what a stage trained. */
  rememberTrained(id: string, numbers: Float32Array): void {
    this.#numbers.set(id, numbers);
    this.#trained.add(id);
  }

  /** Whether a checkpoint has other parameters than this training. */
  isForeign({ tensors }: Checkpoint): boolean {
    return [...tensors].some(([name, data]) => {
      if (!name.startsWith(idPrefix)) return false;
      const id = name.slice(idPrefix.length).replace(/#ema$/, "");
      return this.#numbers.get(id)?.length !== data.length;
    });
  }

  /** What of a checkpoint are numbers of these parameters, and how many parameters of it are others. */
  fitting({ tensors }: Checkpoint): { fitting: Map<string, Float32Array<ArrayBuffer>>; others: number } {
    const parameters = [...tensors].filter(([name]) => name.startsWith(idPrefix));
    const fitting = parameters.filter(([name, data]) => {
      return this.#numbers.get(name.slice(idPrefix.length))?.length === data.length;
    });
    return { fitting: new Map(fitting), others: parameters.length - fitting.length };
  }

  /** Puts the numbers back as a checkpoint has them. */
  restore({ tensors }: Checkpoint): void {
    for (const [name, data] of tensors) {
      if (name.startsWith(idPrefix)) this.#numbers.set(name.slice(idPrefix.length), data);
    }
  }

  /** What a checkpoint holds: everything that goes round in a stage, and what earlier stages trained. */
  tensorsToSave(states: readonly TensorToWrite[], names: StageNames): TensorToWrite[] {
    const current = states.map((state): TensorToWrite => {
      const id = names.idOf(state.name);
      return { ...state, name: id === undefined ? state.name : idPrefix + id };
    });
    const saved = new Set(current.map(({ name }) => name));
    const earlier = [...this.#trained].filter((id) => !saved.has(idPrefix + id));
    return [
      ...current,
      ...earlier.map((id): TensorToWrite => {
        const data = this.#numbers.get(id) as Float32Array;
        return { name: idPrefix + id, shape: [data.length], data };
      }),
    ];
  }

  /**
   * The weights that the training gives, and their average: the trainer's own, or else a teacher's, or else the
   * weights.
   */
  async give(blobs: Blobs, keepsAverage: boolean): Promise<{ weights: Weights; average: Weights }> {
    const all = [...this.#known.values()];
    const students = all.filter(({ teaches }) => !teaches);
    const teachers = all.flatMap((each) => (each.teaches ? [{ ...each, name: each.teaches.student }] : []));
    // A teacher that has names of its own lies beside its student.
    const named = all.filter(({ teaches }) => teaches?.suffix);
    const current = (id: string) => this.#numbers.get(id) as Float32Array;
    const weights = await storeWeights([...students, ...named], current, blobs);
    if (keepsAverage) {
      const averageOf = (id: string) => this.#numbers.get(emaOf(id)) ?? current(id);
      return { weights, average: await storeWeights(students, averageOf, blobs) };
    }
    return { weights, average: teachers.length ? await storeWeights(teachers, current, blobs) : weights };
  }
}

/** From the names of a stage's graph to ids. */
export class StageNames {
  readonly #ids = new Map<string, string>();

  constructor(parameters: readonly LoweredParameter[]) {
    for (const { graphName, id } of parameters) {
      this.#ids.set(graphName, id);
      this.#ids.set(emaOf(graphName), emaOf(id));
    }
  }

  idOf(name: string): string | undefined {
    return this.#ids.get(name);
  }
}

/** Parameters as one checkpoint, and how nodes that load it are to treat it. */
async function storeWeights(
  parameters: readonly KnownParameter[],
  numbersOf: (id: string) => Float32Array,
  blobs: Blobs,
): Promise<Weights> {
  const named = new Map<string, TensorToWrite>();
  for (const { id, name, graphName, shape } of parameters) {
    const freeName = named.has(name) ? graphName : name;
    named.set(freeName, { name: freeName, shape, data: numbersOf(id) });
  }
  const lora = parameters.flatMap(adapterOf);
  const ties = new Map(parameters.flatMap(({ handle }) => handle?.ties ?? []).map((tie) => [tie.name, tie]));
  const parts = safetensorsParts([...named.values()]);
  const { ref } = await blobs.putStream(Readable.from(parts), Number.POSITIVE_INFINITY);
  return {
    ref,
    ...(lora.length ? { lora } : {}),
    ...(ties.size ? { ties: [...ties.values()] } : {}),
  };
}

/** The adapter whose first half a parameter is. */
function adapterOf({ name, handle, foreign }: KnownParameter): NonNullable<Weights["lora"]> {
  if (!name.endsWith(".lora_A")) return [];
  const withoutPart = (text: string) => text.replace(/\.lora_A$/, "");
  const target = withoutPart(name);
  const inFile = foreign && { ...foreign, name: withoutPart(foreign.name) };
  const adapter = adapterOn(target, handle?.lora ?? [], inFile);
  if (!adapter) return [];
  const shaped = adapter.dora ? { inputAxis: inputAxisOf(adapter, inFile || undefined) } : {};
  return [{ ...adapter, ...shaped, targets: [target] }];
}
