/** What a graph needs of the machine that it runs on, beside its document and the files that it names. */
import type { GraphDocument, GraphNode } from "./document";
import { flattened } from "./flatten";

export interface Elsewhere {
  /** Models of the Hugging Face hub, each once. */
  hub: { model: string; revision: string }[];
  /** What `patchbay fetch NAME` brings. */
  fetched: string[];
  /** Folders of this machine, which another one does not have. */
  folders: { node: string; folder: string }[];
  /** Nodes that read from the network. */
  online: string[];
}

export function neededElsewhere(document: GraphDocument): Elsewhere {
  const needed: Elsewhere = { hub: [], fetched: [], folders: [], online: [] };
  for (const [node, { params }] of Object.entries(flattened(document).document.nodes)) {
    addHub(needed, params);
    if (params.source === "url") needed.online.push(node);
    addFolder(needed, node, params);
  }
  return needed;
}

function addHub({ hub }: Elsewhere, { source, model, revision = "main" }: GraphNode["params"]): void {
  if (source !== "hub" || typeof model !== "string" || typeof revision !== "string" || !model.trim()) return;
  const isKnown = hub.some((other) => other.model === model.trim() && other.revision === revision);
  if (!isKnown) hub.push({ model: model.trim(), revision });
}

/** A folder counts where it is what the node reads; those that are shipped are everywhere. */
function addFolder({ fetched, folders }: Elsewhere, node: string, { source, folder }: GraphNode["params"]): void {
  if (typeof folder !== "string" || !folder || folder.startsWith("shipped/")) return;
  if (source !== undefined && source !== "folder") return;
  if (!folder.startsWith("fetched/")) folders.push({ node, folder });
  else if (!fetched.includes(folder.slice(8))) fetched.push(folder.slice(8));
}
