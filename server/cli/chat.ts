import { stat } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import type { Answer, Chat } from "../runtime/hugging-face/chat";
import { Usage } from "../usage";
import { say } from "./output";

interface ChatOptions {
  system?: string;
  say?: string;
  tokens: string;
  temperature?: string;
  greedy?: boolean;
  seed: string;
}

export function chatCommand(): Command {
  return new Command("chat")
    .argument("<model>", "a folder that transformers saved, or a .gguf file")
    .option("--system <text>", "what the model is told first")
    .option("--say <text>", "says this, prints the answer and ends")
    .option("--tokens <number>", "the most tokens of an answer", "512")
    .option("--temperature <number>", "draws, nearer to the best below 1")
    .option("--greedy", "takes the best token each time")
    .option("--seed <number>", "of what is drawn", "0")
    .description("Talks with a language model. /new begins anew, Ctrl+C breaks an answer off, Ctrl+D ends.")
    .action(runChatCommand);
}

async function runChatCommand(path: string, options: ChatOptions): Promise<void> {
  const { openChat } = await import("../runtime/hugging-face/chat");
  const chat = await openChat(await folderOf(path), callOf(options));
  chat.begin(options.system);
  try {
    if (options.say !== undefined) await answered(chat, options.say, new AbortController().signal);
    else await converse(chat, options);
  } finally {
    await chat.close();
  }
}

/** A folder as it is; of a file the folder that is made of it. */
async function folderOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new Usage(`There is no folder and no file “${path}”.`);
  if (found.isDirectory()) return path;
  const { folderOfGguf } = await import("../runtime/hugging-face/gguf-folder");
  return folderOfGguf(path, (done, of) => {
    if (done === 1) say(`converting ${of} tensors, once for this file`);
  });
}

/** What is asked of generation, by transformers' names. */
function callOf({ tokens, temperature, greedy, seed }: ChatOptions): Record<string, unknown> {
  const number = (name: string, text: string) => {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw new Usage(`--${name} takes a number, and “${text}” is none.`);
  };
  return {
    max_new_tokens: number("tokens", tokens),
    seed: number("seed", seed),
    ...(temperature === undefined ? {} : { do_sample: true, temperature: number("temperature", temperature) }),
    ...(greedy ? { do_sample: false } : {}),
  };
}

async function converse(chat: Chat, { system }: ChatOptions): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: "> " });
  let speaking: AbortController | undefined;
  lines.on("SIGINT", () => (speaking ? speaking.abort() : lines.close()));
  lines.prompt();
  for await (const line of lines) {
    const text = line.trim();
    if (text === "/new") {
      chat.begin(system);
    } else if (text) {
      speaking = new AbortController();
      say(figures(await answered(chat, text, speaking.signal)));
      speaking = undefined;
    }
    lines.prompt();
  }
}

/** The answer as it is made, on the standard output. */
async function answered(chat: Chat, text: string, signal: AbortSignal): Promise<Answer> {
  const answer = await chat.say(text, (piece) => void process.stdout.write(piece), signal);
  process.stdout.write("\n");
  return answer;
}

function figures({ read, made, readMs, madeMs }: Answer): string {
  const speed = made > 1 ? `${((1000 * (made - 1)) / madeMs).toFixed(1)} tokens/s` : "";
  return `[${read} tokens in ${(readMs / 1000).toFixed(2)} s, ${made} made${speed && `, ${speed}`}]`;
}
