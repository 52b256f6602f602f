/** models/shipped.gen.ts: the ports of the ONNX models in models/checkpoints, so that the editor need not read them. */
import { readdir, readFile } from "node:fs/promises";
import { signatureOf } from "#models/onnx/import/inspect";
import { root } from "../installation.mjs";

const folder = `${root}/models/checkpoints`;

export async function shippedModels(): Promise<string> {
  const models = (await readdir(folder)).filter((name) => name.endsWith(".onnx")).sort();
  const entries = await Promise.all(models.map(entryOf));
  return `// Written by scripts/gen.ts from models/checkpoints. Do not edit.
import type { Signature } from "./onnx/import/signature";

/** The ports of the ONNX models that ship with Patchbay, so that the editor need not read them. */
export const shippedModels: Readonly<Record<string, Signature>> = {
${entries.join("")}};
`;
}

async function entryOf(file: string): Promise<string> {
  const bytes = await readFile(`${folder}/${file}`);
  const read = async (start: number, end: number) => bytes.subarray(start, end);
  const signature = await signatureOf({ size: bytes.length, read });
  return `  "${file.slice(0, -".onnx".length)}": ${JSON.stringify(signature)},\n`;
}
