/**
 * A GGUF file as the folder that transformers would have saved: its tensors under Hugging Face's names as float32, its
 * configuration and its tokenizer. Made once for a file, among the temporary files of the system.
 */
import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { toNumbers } from "#models/files/gguf/blocks";
import { ggufModel, laidOut, laidOutShape, type NamedTensor, withRopeFactors } from "#models/files/gguf/model";
import { type GgufTensor, openGguf } from "#models/files/gguf/read";
import { ggufTokenizer } from "#models/files/gguf/tokenizer";
import { type StreamedTensor, streamSafetensors } from "#models/files/safetensors";
import { Failure } from "../../errors";

/** The folder of a file, made where it is not there yet. `onProgress` hears of each tensor that is converted. */
export async function folderOfGguf(path: string, onProgress: (done: number, of: number) => void): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const name = createHash("sha256")
    .update(`${resolve(path)} ${size} ${mtimeMs}`)
    .digest("hex")
    .slice(0, 16);
  const folder = join(tmpdir(), `patchbay-gguf-${name}`);
  if (await stat(folder).catch(() => undefined)) return folder;
  const growing = `${folder}.${process.pid}`;
  await mkdir(growing, { recursive: true });
  try {
    await convert(path, size, growing, onProgress);
    await rename(growing, folder);
  } finally {
    await rm(growing, { recursive: true, force: true });
  }
  return folder;
}

async function convert(
  path: string,
  size: number,
  folder: string,
  onProgress: (done: number, of: number) => void,
): Promise<void> {
  const source = await open(path);
  const target = await open(join(folder, "model.safetensors"), "w");
  try {
    const read = async (start: number, end: number) => {
      const bytes = new Uint8Array(end - start);
      await source.read(bytes, 0, bytes.length, start);
      return bytes;
    };
    const file = await openGguf({ size, read });
    const { config, tensors, ropeFactors } = ggufModel(file);
    let done = 0;
    const stored = async (name: string, { type, start, end }: GgufTensor) => {
      const numbers = toNumbers(type, await read(start, end));
      if (numbers) return numbers;
      throw new Failure({
        message: `${basename(path)}: the tensor “${name}” is of the type ${type}, which is not read.`,
        hint: "Take a file in Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, F16, BF16 or F32.",
      });
    };
    const numbersOf = async (tensor: NamedTensor) => {
      const numbers = await stored(tensor.source, tensor);
      onProgress(++done, tensors.size);
      return laidOut(numbers, tensor);
    };
    const factorsOf = async (tensor: GgufTensor) => [...(await stored("rope factors", tensor))];
    const whole = ropeFactors
      ? withRopeFactors(config, await factorsOf(ropeFactors.short), await factorsOf(ropeFactors.long))
      : config;
    const list = [...tensors].map(([name, tensor]) => streamed(name, tensor, numbersOf));
    for await (const part of streamSafetensors(list, { format: "pt" })) await target.writeFile(part);
    const { json, config: tokenizer } = ggufTokenizer(file);
    await writeFile(join(folder, "config.json"), JSON.stringify(whole));
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(tokenizer));
  } finally {
    await source.close();
    await target.close();
  }
}

function streamed(
  name: string,
  tensor: NamedTensor,
  numbersOf: (tensor: NamedTensor) => Promise<Float32Array>,
): StreamedTensor {
  const shape = laidOutShape(tensor);
  return {
    name,
    dtype: "F32",
    shape,
    bytes: 4 * shape.reduce((product, length) => product * length, 1),
    async *parts() {
      const numbers = await numbersOf(tensor);
      yield new Uint8Array(numbers.buffer as ArrayBuffer, numbers.byteOffset, numbers.byteLength);
    },
  };
}
