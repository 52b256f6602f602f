/** The models of ONNX's conformance suite, each with inputs and the outputs that they must give. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema, TensorProtoSchema, type ValueInfoProto } from "onnx-buf";
import type * as ort from "onnxruntime-node";
import { nativeTensor } from "./native-tensor";

export interface CaseData {
  inputs: Record<string, ort.Tensor>;
  outputs: Record<string, ort.Tensor>;
}

export interface Case {
  name: string;
  bytes: Uint8Array;
  /** Undefined where the suite gives none. */
  data?: CaseData;
  /** Why its data cannot be handed to the runtime: sequences, texts and the like. */
  unreadable?: string;
}

/** Debian's package of the suite, fetched once and unpacked into a folder of temporary files. */
export function fetchSuite(): string {
  const folder = join(tmpdir(), "patchbay-onnx-testdata");
  const unpacked = join(folder, "unpacked");
  if (existsSync(unpacked)) return unpacked;
  mkdirSync(folder, { recursive: true });
  execFileSync("apt-get", ["download", "libonnx-testdata"], { cwd: folder, stdio: "inherit" });
  const archive = readdirSync(folder).find((name) => name.endsWith(".deb"));
  if (!archive) throw new Error("apt-get downloaded no package libonnx-testdata");
  execFileSync("dpkg", ["-x", archive, unpacked], { cwd: folder });
  return unpacked;
}

/** Every model below a folder, in the order of their names. */
export function casesOf(folder: string): Case[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".onnx"));
  const paths = new Set(names.map((name) => realpathSync(join(folder, name)))); // links lead to the same models
  return [...paths].toSorted().map(readCase);
}

function readCase(path: string): Case {
  const bytes = new Uint8Array(readFileSync(path));
  const model = fromBinary(ModelProtoSchema, bytes);
  const folder = dirname(path);
  const name = basename(path) === "model.onnx" ? basename(folder) : basename(path, ".onnx");
  const set = readdirSync(folder).find((entry) => entry.startsWith("test_data_set"));
  if (!set) return { name, bytes };
  try {
    return { name, bytes, data: dataOf(join(folder, set), model) };
  } catch (error) {
    return { name, bytes, unreadable: (error as Error).message };
  }
}

function dataOf(folder: string, { graph }: ModelProto): CaseData {
  const initializers = new Set(graph?.initializer.map((tensor) => tensor.name));
  const fed = (graph?.input ?? []).filter((port) => !initializers.has(port.name));
  return { inputs: tensorsOf(folder, "input", fed), outputs: tensorsOf(folder, "output", graph?.output ?? []) };
}

function tensorsOf(folder: string, kind: string, ports: readonly ValueInfoProto[]): Record<string, ort.Tensor> {
  const entries = ports.flatMap((port, i) => {
    const path = join(folder, `${kind}_${i}.pb`);
    if (!existsSync(path)) return [];
    const type = port.type?.value.case;
    if (type !== "tensorType") throw new Error(type === "sequenceType" ? "sequences" : "optional values");
    return [[port.name, nativeTensor(fromBinary(TensorProtoSchema, new Uint8Array(readFileSync(path))))] as const];
  });
  return Object.fromEntries(entries);
}
