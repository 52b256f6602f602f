/** Graphs that were dropped or pasted anywhere on a page, and what becomes of them. */
import { toast } from "../_ui/toast";
import { createStore } from "zustand";
import type { GraphDocument } from "#nodes/graph/document";
import type { Problem } from "#nodes/graph/problem";
import { importBundleFile, isBundleFile } from "./bundles";

interface Opening {
  /** What was found, until it is said what to do with it. */
  found: { document: GraphDocument; name: string } | undefined;
  /** Puts a graph into the one that is open; there is none on other pages. */
  insert: ((document: GraphDocument) => void) | undefined;
  /** A graph that the server made of a bundle, until it is shown. */
  made: string | undefined;
}

export const opening = createStore<Opening>(() => ({ found: undefined, insert: undefined, made: undefined }));

/** Takes graphs out of files; gives the files that are none. What cannot be read is told. */
export async function openFiles(files: readonly File[]): Promise<File[]> {
  const { mostFileBytes, openedFile } = await import("#nodes/graph/pictured");
  const others: File[] = [];
  for (const file of files) {
    if (isBundleFile(file)) {
      const made = await importBundleFile(file);
      if (made) opening.setState({ made });
      continue;
    }
    if (file.size > mostFileBytes) {
      others.push(file);
      continue;
    }
    const opened = openedFile(new Uint8Array(await file.arrayBuffer()), file.name);
    if (opened.kind === "graph") opening.setState({ found: { document: opened.document, name: file.name } });
    else if (opened.kind === "problem") sayProblem(file.name, opened.problem);
    else others.push(file);
  }
  return others;
}

/** Opens a text that is a graph; false for every other text. */
export async function openText(text: string): Promise<boolean> {
  const { openedText } = await import("#nodes/graph/pictured");
  const opened = openedText(text);
  if (opened?.kind === "graph") opening.setState({ found: { document: opened.document, name: "What was pasted" } });
  if (opened?.kind === "problem") sayProblem("What was pasted", opened.problem);
  return opened !== undefined;
}

function sayProblem(name: string, { message, hint = "" }: Problem): void {
  toast.error(`“${name}” cannot be opened`, { description: `${message} ${hint}`, duration: 12_000 });
}
