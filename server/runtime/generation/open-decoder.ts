/** From a graph to a decoder that is loaded: lowered for new tokens, what is made once made, the prompts read. */
import { type Generation, generationSizes } from "#models/blocks/generation";
import type { AtLeast } from "#models/onnx/block-products";
import type { DType, Graph, Shape, Value } from "#models/onnx/graph";
import { onePosition } from "#models/onnx/passes/one-position";
import type { ParameterSource } from "#nodes/core/parameter-source";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { type Lowered, lower } from "#nodes/graph/lower";
import { decodersOf, tokensOf } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
import type { Blobs } from "../../storage/blobs";
import { type ModelFiles, storedModel } from "../model-files";
import { handlesOf, parameterSources } from "../parameters";
import type { Provider } from "../providers";
import type { Lease, Session, SessionPool } from "../sessions";
import { Decoder, manyTokens } from "./decoder";
import { decoderModel } from "./decoder-model";

export interface DecoderSpec {
  graph: ResolvedGraph;
  /** The scores: float32 [B, S, V] of a node that decodes, or that lies behind one. */
  scores: Endpoint;
  weightsOf(from: Endpoint): Promise<Weights>;
  valueOf(from: Endpoint): Promise<Tensor>;
  blobs: Blobs;
  sessions: SessionPool;
  provider: Provider;
  signal: AbortSignal;
}

export interface OpenDecoder {
  decoder: Decoder;
  /** The tokens of each row that it is to begin with, without padding. */
  prompts: number[][];
  close(): void;
}

/** Loads what gives the scores. */
export async function openDecoder(spec: DecoderSpec): Promise<OpenDecoder> {
  const { tokens: tokensFrom, mask: maskFrom } = promptSources(spec.graph, spec.scores);
  const prompts = promptsOf(await spec.valueOf(tokensFrom), maskFrom && (await spec.valueOf(maskFrom)));
  const given = await valuesBefore(spec, [tokensFrom, ...(maskFrom ? [maskFrom] : [])]);
  const { lowered, sources } = await lowerDecoder(spec, given);
  const leases: Lease<Session>[] = [];
  const lease = async (files: ModelFiles): Promise<Session> => {
    const leased = await spec.sessions.lease(files, spec.blobs, spec.provider);
    leases.push(leased);
    return leased.opened;
  };
  const filesOf = (graph: Graph, atLeast?: AtLeast) => modelFiles(spec, lowered, sources, graph, atLeast);
  const model = await decoderModel({
    generation: lowered.generation as Generation,
    graph: lowered.graph,
    tokens: endpointKey(tokensFrom),
    scores: lowered.values.get(endpointKey(spec.scores)) as Value,
    given: Object.fromEntries(given),
    open: (graph) => lease(filesOf(graph)),
    async openForMany(graph) {
      if (!multipliesFloats(spec.provider)) return undefined;
      const files = filesOf(graph, { [generationSizes.tokens]: manyTokens });
      return spec.sessions.hasRoomFor(files, spec.provider) ? lease(files) : undefined;
    },
  });
  const decoder = new Decoder(model, spec.signal);
  const close = () => {
    decoder.close();
    for (const lease of leases) lease.close();
  };
  return { decoder, prompts, close };
}

/** Where the decoder's tokens come from, themselves or as embeddings, and what says which of them count. */
export function promptSources(graph: ResolvedGraph, scores: Endpoint): { tokens: Endpoint; mask?: Endpoint } {
  const { tensors, after } = decodersOf(graph, [scores]);
  const [host] = after;
  if (host !== undefined)
    throw new Failure({
      node: host,
      message:
        `${titleOf(graph, host)} stands between the decoder and what generates, ` +
        "and computes outside of the model.",
      hint: "Wire the decoder's logits directly, or through tensor nodes.",
    });
  const nodes = tensors.map((id) => graph.nodes.get(id) as ResolvedNode);
  const sources = new Map(nodes.flatMap((node) => tokensOf(node) ?? []).map((from) => [endpointKey(from), from]));
  const [tokens, ...others] = sources.values();
  const decoders = nodes.filter(({ definition }) => definition.decodes);
  if (!tokens || others.length || !decoders.length)
    throw new Failure({ node: scores.node, ...unclear(decoders, others.length > 0) });
  const masks = decoders.flatMap(({ definition, inputs }) => inputs[definition.decodes?.mask ?? ""] ?? []);
  return { tokens, ...(masks[0] ? { mask: masks[0] } : {}) };
}

/** Why it is not clear which tokens are continued. */
function unclear(decoders: readonly ResolvedNode[], areSeveral: boolean): { message: string; hint: string } {
  if (areSeveral)
    return {
      message: "Text is generated behind one wire of tokens, and decoders upstream read several.",
      hint: "Wire the same tokens to all that read them: the decoder, or Token embedding and Splice before it.",
    };
  const [decoder] = decoders;
  if (!decoder)
    return {
      message: "Text is generated by one decoder, and none lies upstream.",
      hint: "Wire the logits of an LLM decoder, or of a Hugging Face model that decodes.",
    };
  return {
    message: `${decoder.definition.title} reads embeddings of which it is not known what tokens they are made of.`,
    hint: "Put Token embedding, and Splice for pictures, before it: text is generated where embeddings are of tokens.",
  };
}

const titleOf = (graph: ResolvedGraph, id: string): string => graph.nodes.get(id)?.definition.title ?? id;

/** The rows of token ids, of which the mask has 1 where one counts. */
export function promptsOf(tokens: Tensor, mask: Tensor | undefined): number[][] {
  const [rows = 0, length = 0] = tokens.shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length }, (_, i) => row * length + i)
      .filter((i) => !mask || Number(mask.data[i]) !== 0)
      .map((i) => Number(tokens.data[i])),
  );
}

/** What comes in besides tokens, by "node.port". */
async function valuesBefore(spec: DecoderSpec, tokens: readonly Endpoint[]): Promise<Map<string, Tensor>> {
  const skipped = new Set(tokens.map(endpointKey));
  const given = new Map<string, Tensor>();
  for (const from of decodersOf(spec.graph, [spec.scores]).rows) {
    if (!skipped.has(endpointKey(from))) given.set(endpointKey(from), await spec.valueOf(from));
  }
  return given;
}

async function lowerDecoder(
  { graph, scores, weightsOf, blobs }: DecoderSpec,
  given: ReadonlyMap<string, Tensor>,
): Promise<{ lowered: Lowered; sources: Map<string, ParameterSource> }> {
  const { tensors } = decodersOf(graph, [scores]);
  const handles = await handlesOf(graph, tensors, weightsOf);
  const typeOf = (from: Endpoint): { dtype: DType; shape: Shape } => {
    const value = given.get(endpointKey(from));
    if (!value) return { dtype: "int64", shape: [generationSizes.rows, generationSizes.tokens] };
    return { dtype: value.dtype, shape: [generationSizes.rows, ...value.shape.slice(1)] };
  };
  const lowered = lower(graph, tensors, typeOf, { handles, generates: true });
  return { lowered, sources: await parameterSources(lowered, weightsOf, blobs) };
}

/** Where products of floats are quicker for many rows: other processors and providers have integers for those too. */
const multipliesFloats = (provider: Provider): boolean => provider === "cpu" && process.arch === "x64";

/** The model of a part of the lowered graph. */
function modelFiles(
  { blobs, provider }: DecoderSpec,
  lowered: Lowered,
  sources: ReadonlyMap<string, ParameterSource>,
  graph: Graph,
  atLeast?: AtLeast,
): ModelFiles {
  const ready = provider === "cpu" ? onePosition(graph) : graph;
  const needed = graph.parameters.map(({ name }) => [name, sources.get(name) as ParameterSource] as const);
  return storedModel({ ...lowered, graph: ready }, new Map(needed), blobs, atLeast);
}
