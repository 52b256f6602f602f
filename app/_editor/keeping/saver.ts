/**
 * Keeps what is edited: on the server soon after each change, in this browser at once. What other windows saved is
 * taken in, and merged where both edited.
 */
import type { GraphDocument } from "#nodes/graph/document";
import { isSame, sharedWith } from "#nodes/graph/document-shape";
import type { Choice } from "#nodes/graph/merge-choices";
import type { EditorStore, Saved } from "../store";
import type { Drafts } from "./drafts";

/** A state that the server had: what is saved builds on it. */
export interface Stored {
  revision: number;
  document: GraphDocument;
}

export interface SaverOptions {
  store: EditorStore;
  graph: string;
  /** This window, as others hear of it. */
  window: string;
  stored: Stored;
  server: {
    save(save: {
      id: string;
      revision: number;
      document: GraphDocument;
      window: string;
    }): Promise<{ revision: number }>;
    get(graph: string): Promise<Stored>;
  };
  drafts: Drafts;
  /** Hears what the server refused. */
  onRefused(error: unknown): void;
  /** Hears how many changes of others came in. */
  onTaken(changes: number, wereBoth: boolean): void;
}

/** Loaded when there is something to merge. */
const loadMerge = async () => (await import("#nodes/graph/merge")).merge;
type Merging = Awaited<ReturnType<typeof loadMerge>>;

/** So many unanswered saves are remembered. */
const mostSent = 20;

export class Saver {
  readonly #options: SaverOptions;
  #stored: Stored;
  /** What is on its way, or was sent and never answered: one of them may have arrived. */
  #sent: readonly GraphDocument[] = [];
  /** Another window saved what this one has not. */
  #isBehind = false;
  #syncing: Promise<boolean> | undefined;
  #keeping: Promise<void> | undefined;
  #kept: GraphDocument | undefined;

  constructor(options: SaverOptions) {
    this.#options = options;
    this.#stored = options.stored;
    // What is parsed from a text shares nothing with the store's document, which is the same.
    this.#stored.document = options.store.getState().history.present;
  }

  /** Saves at once, until what is stored is what is on the screen; true when it is. */
  save(): Promise<boolean> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  /** Another window saved this revision. */
  async hear(revision: number): Promise<void> {
    if (revision <= this.#stored.revision) return;
    this.#isBehind = true;
    // A save that is on its way comes back refused, and takes in what is stored then.
    await this.#syncing;
    if (this.#isBehind) await this.save();
  }

  /** Goes on after a person chose between what both changed. */
  async choose(choices: Readonly<Record<string, Choice>>): Promise<void> {
    const { question } = this.#options.store.getState();
    if (!question) return;
    const merge = await loadMerge();
    this.#takeIn(merge, question.base, { revision: question.revision, document: question.theirs }, choices);
    this.#options.store.getState().setQuestion(undefined);
    await this.save();
  }

  /** Keeps in this browser what the server has not; writes that pile up become one. */
  async keep(): Promise<void> {
    if (this.#keeping) return this.#keeping;
    this.#keeping = this.#keepAll().finally(() => {
      this.#keeping = undefined;
    });
    return this.#keeping;
  }

  get #present(): GraphDocument {
    return this.#options.store.getState().history.present;
  }

  async #sync(): Promise<boolean> {
    const { store } = this.#options;
    while (store.getState().question === undefined) {
      if (this.#isBehind && !(await this.#catchUp())) return false;
      if (!isToBeSaved(store.getState().saved)) break;
      if (!(await this.#send()) && !this.#isBehind) return false;
    }
    return store.getState().saved === "saved";
  }

  /** Sends what is on the screen. False when it was not taken; behind, then, if another window came before. */
  async #send(): Promise<boolean> {
    const { store, graph: id, window, server, onRefused } = this.#options;
    const document = this.#present;
    store.getState().setSaved("saving");
    if (!this.#sent.includes(document)) this.#sent = [...this.#sent.slice(-mostSent), document];
    this.#kept = undefined;
    void this.keep();
    try {
      const { revision } = await server.save({ id, revision: this.#stored.revision, document, window });
      this.#stored = { revision, document };
      this.#sent = [];
      store.getState().setStored(document);
      void this.keep();
      return true;
    } catch (error) {
      const saved = savedAfter(error);
      this.#isBehind ||= saved === "conflict";
      store.getState().setSaved(saved === "conflict" ? "unsaved" : saved);
      if (saved === "refused") onRefused(error);
      return false;
    }
  }

  /** Takes in what is stored. False when it cannot be read, or when a person must choose first. */
  async #catchUp(): Promise<boolean> {
    const { store, graph, server, onTaken } = this.#options;
    let stored: Stored;
    let merge: Merging;
    try {
      [stored, merge] = await Promise.all([server.get(graph), loadMerge()]);
    } catch (error) {
      const saved = savedAfter(error);
      store.getState().setSaved(saved);
      if (saved === "refused") this.#options.onRefused(error);
      return false;
    }
    this.#isBehind = false;
    const theirs = sharedWith(this.#stored.document, stored.document);
    // It may be what this window sent itself: only the answer was lost.
    const arrived = this.#sent.find((sent) => isSame(sent, theirs));
    const base = arrived ?? this.#stored.document;
    const merged = merge(base, this.#present, theirs);
    if (merged.conflicts.length) {
      store.getState().setQuestion({ base, theirs, revision: stored.revision });
      return false;
    }
    const wereBoth = !isSame(base, this.#present);
    this.#takeIn(merge, base, { revision: stored.revision, document: theirs });
    if (merged.theirs.length && !arrived) onTaken(merged.theirs.length, wereBoth);
    return true;
  }

  /** Makes every state that the editor knows one that has what is stored. */
  #takeIn(merge: Merging, base: GraphDocument, stored: Stored, choices: Readonly<Record<string, Choice>> = {}): void {
    const { store } = this.#options;
    const { renames } = merge(base, this.#present, stored.document, { choices });
    const options = { choices, renames, otherwise: "mine" } as const;
    this.#stored = stored;
    this.#sent = [];
    store.getState().takeIn((state) => merge(base, state, stored.document, options).document);
    if (isSame(this.#present, stored.document)) this.#stored = { ...stored, document: this.#present };
    store.getState().setStored(this.#stored.document);
    void this.keep();
  }

  async #keepAll(): Promise<void> {
    const { store, drafts, graph, window } = this.#options;
    while (this.#kept !== this.#present || this.#present === this.#stored.document) {
      const document = this.#present;
      const isStored = document === this.#stored.document;
      if (isStored && this.#kept === undefined) break;
      const at = Date.now();
      try {
        if (isStored) await drafts.forget(graph, window);
        else await drafts.keep({ graph, window, base: this.#stored, sent: this.#sent, document, at });
        this.#kept = isStored ? undefined : document;
        store.getState().setKept(isStored ? undefined : at);
      } catch {
        store.getState().setKept("failed");
        break;
      }
    }
  }
}

/** An answer that refuses is the same however often it is asked for: only a change of the document may help. */
function savedAfter(error: unknown): Extract<Saved, "conflict" | "refused" | "failed"> {
  const { code, httpStatus = 500 } = (error as { data?: { code?: string; httpStatus?: number } }).data ?? {};
  if (code === "CONFLICT") return "conflict";
  return httpStatus >= 400 && httpStatus < 500 ? "refused" : "failed";
}

export function isToBeSaved(saved: Saved): boolean {
  return saved === "unsaved" || saved === "failed";
}
