/** The token that stands for a picture until its own tokens take its place. */
import * as z from "zod";

/** What stands for a picture in LLaVA's own code: no id of any tokenizer. */
export const llavaPlaceholder = -200;

/** The parameter of nodes that know a picture's place by its token. */
export const placeholderParam = z.int().min(-1_000_000).max(1_000_000).default(llavaPlaceholder).meta({
  label: "Placeholder",
  description: "The token id of a picture's place: −200 as in LLaVA, or that of a token such as <image>.",
});
