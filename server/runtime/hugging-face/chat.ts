/** A conversation with a folder's language model: its template, its tokens, and what it has read of it already. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Message, renderChat } from "#models/files/tokenizers/chat-template";
import { type TokenizerBytes, tokenizerFileNames, tokenizerFromFiles } from "#models/files/tokenizers/from-files";
import { type OpenTokenizer, openTokenizer, type TokenizerFiles } from "#models/files/tokenizers/open";
import { tokenOf } from "#models/files/tokenizers/token";
import { generate } from "#models/generation/generate";
import { type GenerationOptions, optionsFrom } from "#models/generation/options";
import { TextStream } from "#models/generation/text";
import { Failure } from "../../errors";
import type { Decoder } from "../generation/decoder";
import { explained } from "./forward";
import { generationDefaults, openFolderDecoder } from "./generate";
import { openModelFolder } from "./model-folder";

export interface Answer {
  text: string;
  /** Tokens that were read, of which some may have been kept from before, and that were made. */
  read: number;
  made: number;
  /** Milliseconds until the first token, and from there to the last. */
  readMs: number;
  madeMs: number;
}

export class Chat {
  readonly #messages: Message[] = [];

  constructor(
    readonly decoder: Decoder,
    readonly tokenizer: OpenTokenizer,
    readonly template: string,
    /** Special tokens by their names, which templates write. */
    readonly variables: Readonly<Record<string, string>>,
    readonly optionsFor: (promptLength: number) => GenerationOptions,
    readonly close: () => Promise<void>,
  ) {}

  /** Begins anew, with a system message or none. */
  begin(system = ""): void {
    this.#messages.splice(0);
    if (system) this.#messages.push({ role: "system", content: system });
  }

  /** Says something and hears the answer, piece by piece. What is broken off stays as far as it came. */
  async say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<Answer> {
    this.#messages.push({ role: "user", content: text });
    const written = renderChat(this.template, this.#messages, { ending: "ask", variables: this.variables });
    const { ids } = this.tokenizer.encode(written, { special: false });
    const stream = new TextStream((tokens) => this.tokenizer.decode(tokens));
    const answer: Answer = { text: "", read: ids.length, made: 0, readMs: 0, madeMs: 0 };
    const hear = (piece: string) => {
      answer.text += piece;
      onText(piece);
    };
    const start = performance.now();
    try {
      await generate(this.decoder, [ids], this.optionsFor(ids.length), {
        signal,
        onToken: (_, token) => {
          if (!answer.made++) answer.readMs = performance.now() - start;
          hear(stream.push(token));
        },
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    hear(stream.end());
    answer.madeMs = performance.now() - start - answer.readMs;
    this.#messages.push({ role: "assistant", content: answer.text });
    return answer;
  }
}

/** Loads a folder for a conversation. `call` are options of generation by transformers' names. */
export async function openChat(folder: string, call: Readonly<Record<string, unknown>>): Promise<Chat> {
  const model = await openModelFolder(folder);
  const files = await tokenizerIn(folder);
  const tokenizer = openTokenizer(files);
  const template = files.config.chat_template;
  if (typeof template !== "string")
    throw new Failure({
      message: `${folder} has no chat template.`,
      hint:
        "Choose a model that was made for conversations (“Instruct”, “Chat”), " +
        "with chat_template.jinja in its folder.",
    });
  const defaults = await generationDefaults(model, call);
  const ending = tokenizer.roleId("eos_token");
  const ends = { ...(ending === undefined ? {} : { eos_token_id: ending }), ...defaults };
  const { decoder, close } = await openFolderDecoder(model);
  const roles = ["bos_token", "eos_token", "pad_token", "unk_token"] as const;
  const variables = roles.flatMap((role) => {
    const token = tokenOf(files.config[role]);
    return token === undefined ? [] : [[role, token] as const];
  });
  const optionsFor = (length: number) => explained(() => optionsFrom(ends, call, length));
  return new Chat(decoder, tokenizer, template, Object.fromEntries(variables), optionsFor, close);
}

async function tokenizerIn(folder: string): Promise<TokenizerFiles> {
  const found: TokenizerBytes = {};
  for (const name of tokenizerFileNames) {
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (bytes) found[name] = new Uint8Array(bytes);
  }
  return explained(() => tokenizerFromFiles(found));
}
