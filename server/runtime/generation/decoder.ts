/**
 * A decoder that is loaded, with rows of tokens in it: prompts are read in large calls, then each row grows by a token
 * a call. What is kept of a row goes with it.
 */
import { generationInputs } from "#models/blocks/generation";
import type { Decoding, Scores } from "#models/generation/decoding";
import type { Tensor } from "#nodes/core/values";
import { Cancelled, Failure } from "../../errors";
import { checkIndices } from "../index-check";
import type { Session } from "../sessions";
import { rowsOf, takeRows } from "../values";
import { addedOutput, type DecoderModel } from "./decoder-model";
import { KeptRows } from "./kept-rows";

/**
 * So many tokens of a prompt are read in one call: enough to be worth the cores, few enough that their attention takes
 * little memory.
 */
const tokensPerCall = 512;

/**
 * From so many tokens of a prompt on the session for many is worth having: to open it takes as long as it spares with
 * some 450 of them (measured with blocks of 4 bits).
 */
export const manyTokens = 128;

/** A beginning of fewer tokens is read again rather than looked for. */
const shortestReuse = 8;

/** Tokens of some rows that are read in one call. */
interface Call {
  first: number;
  tokens: number[][];
}

/** How many tokens a call reads, with what rows are filled up with. */
const tokensOf = (tokens: Call["tokens"]): number => tokens.length * Math.max(...tokens.map(({ length }) => length));

const areMany = (tokens: readonly number[]): boolean => tokens.length >= manyTokens;

/** What a decoder has read: the tokens of each row, and what it kept of them. */
interface ReadRows {
  tokens: number[][];
  kept: KeptRows;
}

/** What was read last with a session, so that a prompt that begins the same is read on behind that. */
const lastRead = new WeakMap<Session, ReadRows>();

/** More than so much is not kept for a next time. */
const mostIdleBytes = 2 ** 28;

export class Decoder implements Decoding {
  readonly vocabulary: number;
  #rows: number[][];
  readonly #kept: KeptRows;
  #made: Readonly<Record<string, Tensor>> = {};

  constructor(
    readonly model: DecoderModel,
    readonly signal: AbortSignal,
  ) {
    this.vocabulary = model.vocabulary;
    const before = lastRead.get(model.session);
    lastRead.delete(model.session); // it is this decoder's alone
    this.#rows = before?.tokens ?? [];
    this.#kept = before?.kept ?? new KeptRows(model.kept);
  }

  /** Leaves what was read to the next decoder of the same session. */
  close(): void {
    if (this.#kept.bytes > mostIdleBytes || Object.keys(this.model.made).length) return;
    lastRead.set(this.model.session, { tokens: this.#rows, kept: this.#kept });
  }

  async start(prompts: readonly (readonly number[])[]): Promise<Scores> {
    this.#made = this.model.made;
    this.#keepBeginnings(prompts);
    const scores = new Float32Array(prompts.length * this.vocabulary);
    for (const { first, tokens } of this.#callsFor(prompts)) {
      const given = await this.#call(first, tokens);
      scores.set(given, first * this.vocabulary);
    }
    return scores;
  }

  async next(tokens: readonly number[]): Promise<Scores> {
    return this.#call(
      0,
      tokens.map((token) => [token]),
    );
  }

  select(rows: readonly number[]): void {
    if (rows.length === this.#rows.length && rows.every((from, to) => from === to)) return;
    this.#kept.select(rows);
    this.#rows = rows.map((row) => [...(this.#rows[row] ?? [])]);
    this.#made = mapValues(this.#made, (value) => takeRows(value, rows));
  }

  /**
   * Makes rows for the prompts of what is there already: for each, the row that begins as it does, cut where they part.
   */
  #keepBeginnings(prompts: readonly (readonly number[])[]): void {
    const isPlain = Object.keys(this.model.made).length === 0;
    const best = prompts.map((prompt) => (isPlain ? longestBeginning(prompt, this.#rows) : undefined));
    if (best.every((found) => found === undefined)) {
      this.#kept.clear();
      this.#rows = prompts.map(() => []);
      return;
    }
    this.select(best.map((found) => found?.row ?? 0));
    for (const [row, found] of best.entries()) {
      this.#kept.truncate(row, found?.length ?? 0);
      this.#rows[row]?.splice(found?.length ?? 0);
    }
    this.#kept.shrink();
  }

  /**
   * The calls that read what is left of the prompts. Rows that have kept something go alone, since the runtime takes
   * several new tokens only of one such row; others side by side, filled up at the end, many beside many: what a prompt
   * gives does not depend on those that are read with it.
   */
  #callsFor(prompts: readonly (readonly number[])[]): Call[] {
    const calls: (Call & { isOpen: boolean })[] = [];
    for (const [row, prompt] of prompts.entries()) {
      const kept = this.#kept.lengths[row] ?? 0;
      const rest = prompt.slice(kept);
      const isWhole = kept === 0 && rest.length <= tokensPerCall;
      const last = calls.at(-1);
      const isAlike = last?.tokens.every((tokens) => areMany(tokens) === areMany(rest));
      if (last?.isOpen && isWhole && isAlike && tokensOf([...last.tokens, rest]) <= tokensPerCall) {
        last.tokens.push(rest);
        continue;
      }
      for (let start = 0; start < rest.length; start += tokensPerCall)
        calls.push({ first: row, tokens: [rest.slice(start, start + tokensPerCall)], isOpen: isWhole });
    }
    return calls;
  }

  /** Reads new tokens of some rows and keeps what they leave. Gives the scores behind the last token of each. */
  async #call(first: number, tokens: Call["tokens"]): Promise<Scores> {
    if (this.signal.aborted) throw new Cancelled();
    const { scores } = this.model;
    const session = tokens.every(areMany) ? await this.model.sessionForMany() : this.model.session;
    const lengths = tokens.map((_, i) => this.#kept.lengths[first + i] ?? 0);
    const counts = tokens.map(({ length }) => length);
    const places = this.#newTokens(tokens, lengths);
    this.#refuseBeyond(places, Math.max(...lengths.map((length, i) => length + (counts[i] ?? 0))));
    const past = lengths.some((length) => length > 0) ? this.#kept.read(first, tokens.length) : undefined;
    const outputs = await session.run({
      ...places,
      ...(past ?? this.#kept.empty(tokens.length)),
      ...mapValues(this.#made, (value) => rowsOf(value, first, first + tokens.length)),
    });
    this.#kept.add(first, counts, outputs[addedOutput]);
    for (const [i, list] of tokens.entries()) this.#rows[first + i]?.push(...list);
    await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
    return outputs[scores]?.data as Float32Array;
  }

  /** Tokens that the model does not know, and texts that are longer than its table of places, are refused. */
  #refuseBeyond(feeds: Readonly<Record<string, Tensor>>, longest: number): void {
    const { bounds, tokens } = this.model;
    const table = bounds.find(({ input }) => input === generationInputs.positions);
    if (table && longest > table.size)
      throw new Failure({
        message: `A text grew to ${longest} tokens, and the model has places for ${table.size}.`,
        hint: "Ask for fewer new tokens, or give a shorter prompt.",
      });
    const ofTokens = bounds.filter(({ input }) => input === tokens);
    checkIndices(ofTokens, (name) => feeds[name], { nodes: new Map() });
  }

  /** The inputs that say which tokens come, and where; rows are filled up with zeros. */
  #newTokens(tokens: Call["tokens"], lengths: readonly number[]): Record<string, Tensor> {
    const rows = tokens.length;
    const longest = Math.max(...tokens.map(({ length }) => length));
    const ids = new BigInt64Array(rows * longest);
    const positions = new BigInt64Array(rows * longest);
    for (const [row, list] of tokens.entries()) {
      for (let i = 0; i < longest; i++) {
        ids[row * longest + i] = BigInt(list[i] ?? 0);
        positions[row * longest + i] = BigInt((lengths[row] ?? 0) + i);
      }
    }
    const sums = tokens.map(({ length }, row) => length + (lengths[row] ?? 0));
    return {
      [this.model.tokens]: { dtype: "int64", shape: [rows, longest], data: ids },
      [generationInputs.positions]: { dtype: "int64", shape: [rows, longest], data: positions },
      [generationInputs.lengths]: { dtype: "int32", shape: [rows], data: Int32Array.from(sums, (sum) => sum - 1) },
      [generationInputs.total]: { dtype: "int32", shape: [], data: Int32Array.of(Math.max(...sums)) },
      [generationInputs.last]: {
        dtype: "int64",
        shape: [rows, 1],
        data: BigInt64Array.from(tokens, ({ length }) => BigInt(length - 1)),
      },
    };
  }
}

/** The row that has the longest beginning in common with a prompt, of which at least one token must be left to read. */
function longestBeginning(
  prompt: readonly number[],
  rows: readonly (readonly number[])[],
): { row: number; length: number } | undefined {
  let best: { row: number; length: number } | undefined;
  for (const [row, tokens] of rows.entries()) {
    const most = Math.min(tokens.length, prompt.length - 1);
    let length = 0;
    while (length < most && tokens[length] === prompt[length]) length++;
    if (length >= shortestReuse && length > (best?.length ?? 0)) best = { row, length };
  }
  return best;
}

const mapValues = <V>(record: Readonly<Record<string, V>>, map: (value: V) => V): Record<string, V> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
