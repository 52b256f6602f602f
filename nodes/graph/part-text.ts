/** Parts of graphs as texts, which lie on the clipboard; `parsePart` reads them again. */
import type { Part } from "./edits";
import type { Incoming } from "./incoming";

/** A part of a graph, and the wires that came into it from outside. */
export type Copied = Part & { incoming?: Incoming[] };

export const partText = (part: Copied): string => JSON.stringify({ patchbay: 1, ...part });

/** Whether a text may be a part of a graph: what it really is, only reading it says. */
export const isLikePart = (text: string): boolean => isLikeObject(text) && text.includes('"patchbay"');

/** Whether a text may be a whole graph. */
export const isLikeGraph = (text: string): boolean => isLikeObject(text) && text.includes('"schema"');

const isLikeObject = (text: string): boolean => text.trimStart().startsWith("{");
