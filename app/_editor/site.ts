import type { Site } from "#nodes/graph/site";
import { memory } from "./checked";
import type { EditorState } from "./store";

/** Where edits of the graph that is seen are tried by the check. */
export function siteOf({ history, composite }: Pick<EditorState, "history" | "composite">): Site {
  return { document: history.present, composite, memory };
}
