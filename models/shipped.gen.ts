// Written by scripts/gen.ts from models/checkpoints. Do not edit.
import type { Signature } from "./onnx/import/signature";

/** The ports of the ONNX models that ship with Patchbay, so that the editor need not read them. */
export const shippedModels: Readonly<Record<string, Signature>> = {
};
