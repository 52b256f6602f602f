/**
 * Unsaved work, kept in this browser (IndexedDB) beside what the server has: neither a server that is away nor a tab
 * that dies takes it along. A window has one draft for each graph, and none while the server has everything.
 */
import type { GraphDocument } from "#nodes/graph/document";

export interface Draft {
  graph: string;
  window: string;
  /** What the server last had of this window. */
  base: { revision: number; document: GraphDocument };
  /** What was sent to the server and not answered: one of them may have arrived. */
  sent: readonly GraphDocument[];
  document: GraphDocument;
  /** When it was kept. */
  at: number;
}

/** Where drafts are kept. */
export interface Drafts {
  keep(draft: Draft): Promise<void>;
  /** Forgets the draft of a window. */
  forget(graph: string, window: string): Promise<void>;
  /** Those of a graph, the oldest first. */
  of(graph: string): Promise<Draft[]>;
  /** Forgets what is too old, and the oldest of too many. */
  clean(now: number): Promise<void>;
}

const longest = 30 * 24 * 60 * 60 * 1000;
const most = 50;

/** Which drafts are no longer kept. */
export function outlived(drafts: readonly Pick<Draft, "graph" | "window" | "at">[], now: number): typeof drafts {
  const newest = [...drafts].sort((a, b) => b.at - a.at);
  return newest.filter(({ at }, i) => i >= most || now - at > longest);
}

const storeName = "drafts";

/** Drafts of this browser. */
export function browserDrafts(): Drafts {
  let opened: Promise<IDBDatabase> | undefined;
  const database = () => {
    opened ??= open().catch((error) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  async function within<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return answered(ask((await database()).transaction(storeName, mode).objectStore(storeName)));
  }
  const forget = async (graph: string, window: string) => {
    await within("readwrite", (store) => store.delete([graph, window]));
  };
  return {
    forget,
    keep: async (draft) => void (await within("readwrite", (store) => store.put(draft))),
    of: async (graph) => {
      const drafts: Draft[] = await within("readonly", (store) => store.getAll(ofGraph(graph)));
      return drafts.sort((a, b) => a.at - b.at);
    },
    clean: async (now) => {
      const drafts: Draft[] = await within("readonly", (store) => store.getAll());
      for (const { graph, window } of outlived(drafts, now)) await forget(graph, window);
    },
  };
}

/** All keys that begin with a graph: an array comes after every string. */
const ofGraph = (graph: string): IDBKeyRange => IDBKeyRange.bound([graph], [graph, []]);

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open("patchbay", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName, { keyPath: ["graph", "window"] });
  return answered(request);
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
