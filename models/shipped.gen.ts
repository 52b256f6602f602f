// Written by scripts/gen.ts from models/checkpoints. Do not edit.
import type { Signature } from "./onnx/import/signature";

/** The ports of the ONNX models that ship with Patchbay, so that the editor need not read them. */
export const shippedModels: Readonly<Record<string, Signature>> = {
  "fashion-vit": {"opset":21,"inputs":[{"name":"pixels","dtype":"float32","shape":["batch",3,28,28]}],"outputs":[{"name":"features","dtype":"float32","shape":["batch",96]}],"rowwise":true},
};
