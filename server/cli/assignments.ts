import { readFile, stat } from "node:fs/promises";
import type { Option } from "commander";
import * as z from "zod";
import { decodeText } from "#models/files/text";
import type { NodeDefinition } from "#nodes/core/node";
import { constantNamed, reasonAgainstValue, setConstantValue } from "#nodes/graph/constants";
import { type GraphDocument, type GraphNode, limits } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { constantsHolder } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import type { Blobs } from "../storage/blobs";
import { Usage } from "../usage";
import { repeatable } from "./options";
import { uploadPath } from "./upload";

export const setOption = (): Option =>
  repeatable(
    "--set <NODE.PARAM=VALUE>",
    "changes a parameter, or a constant as $.NAME; @PATH uploads a file, or gives its text",
  );

/**
 * The graph with parameters changed as `NODE.PARAM=VALUE` says: a value that is JSON is taken as such, anything else as
 * text, and `@PATH` as an upload where the parameter is one, or else as what the file there says.
 */
export async function withAssignments(
  document: GraphDocument,
  assignments: readonly string[],
  blobs: Blobs,
): Promise<GraphDocument> {
  let changed = structuredClone(document);
  for (const assignment of assignments) {
    const [, id = "", param = "", text = ""] = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (!id) throw new Usage(`--set takes NODE.PARAM=VALUE, and “${assignment}” is something else.`);
    if (id === constantsHolder) {
      changed = withConstant(changed, param, jsonOrText(await textOrFile(text)));
      continue;
    }
    const node = nodeNamed(changed, id);
    const definition = definitionOf(changed, id, registry);
    refuseUnknown(id, param, definition);
    const isUpload = z.globalRegistry.get(definition?.params[param])?.widget === "upload";
    node.params[param] =
      isUpload && text.startsWith("@")
        ? await uploadPath(text.slice(1), blobs, definition?.inspect?.[param])
        : jsonOrText(await textOrFile(text));
  }
  return changed;
}

function withConstant(document: GraphDocument, name: string, value: unknown): GraphDocument {
  const constant = constantNamed(document, name);
  if (!constant) {
    const known = Object.keys(document.constants ?? {}).join(", ") || "none";
    throw new Usage(`--set names the constant “${name}”, which the graph does not have. Its constants: ${known}.`);
  }
  const text = constant.kind === "number" ? value : String(value);
  const reason = reasonAgainstValue(constant, text);
  if (reason !== undefined) throw new Usage(`--set gives the constant “${name}” another kind of value. ${reason}`);
  return setConstantValue(document, name, text);
}

function nodeNamed(document: GraphDocument, id: string): GraphNode {
  const node = Object.hasOwn(document.nodes, id) ? document.nodes[id] : undefined;
  if (node) return node;
  const known = Object.keys(document.nodes).join(", ");
  throw new Usage(`--set names the node “${id}”, which is not in the graph. Its nodes: ${known}.`);
}

function refuseUnknown(id: string, param: string, definition: NodeDefinition | undefined): void {
  const params = definition?.params ?? {};
  if (Object.hasOwn(params, param)) return;
  const known = Object.keys(params).join(", ") || "none";
  throw new Usage(`--set names the parameter “${param}”, which ${id} does not have. Its parameters: ${known}.`);
}

/** The text of the file that `@PATH` names. Where there is no such file it is a text that begins with @. */
async function textOrFile(text: string): Promise<string> {
  const path = text.slice(1);
  const found = text.startsWith("@") ? await stat(path).catch(() => undefined) : undefined;
  if (!found?.isFile()) return text;
  if (found.size > limits.bytes)
    throw new Usage(`--set names the file “${path}”, which has more than ${limits.bytes / 2 ** 20} MiB.`);
  try {
    return decodeText(await readFile(path)).replace(/\r?\n$/, "");
  } catch {
    throw new Usage(`--set names the file “${path}”, which cannot be read as text: UTF-8 and UTF-16 are read.`);
  }
}

function jsonOrText(text: string): z.core.util.JSONType {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
