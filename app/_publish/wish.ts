/** What is filled in when a graph is published. */
import type { GraphDocument } from "#nodes/graph/document";
import { withoutLeaving } from "#nodes/graph/leaving";
import { emptyForm, type PublishedForm } from "#nodes/graph/published-form";
import type { Inputs, Outputs } from "../_trpc/client";

export interface PublishWish {
  title: string;
  text: string;
  /** As they are typed, with commas. */
  tags: string;
  licence: string;
  changes: string;
  visibility: "team" | "everyone";
  /** Drawn of the canvas, a stored picture by its reference, or none. */
  picture: "canvas" | string | undefined;
  form: PublishedForm;
  leaveOut: { files?: boolean; paths?: boolean; notes?: boolean };
}

export const emptyWish = ({ name, description }: GraphDocument): PublishWish => ({
  title: name,
  text: description,
  tags: "",
  licence: "",
  changes: "",
  visibility: "team",
  picture: "canvas",
  form: emptyForm,
  // A folder of this machine is on no other.
  leaveOut: { paths: true },
});

/** What was said of it the last time. */
export function wishFrom(published: NonNullable<Outputs["templates"]["ofGraph"]>): PublishWish {
  const { title, text, tags, licence, visibility, form } = published;
  return {
    ...{ title, text, licence, visibility, form },
    tags: tags.join(", "),
    changes: "",
    picture: "canvas",
    leaveOut: { paths: true },
  };
}

/** Tags as they are typed, each once. */
export function tagsIn(typed: string): string[] {
  const tags = typed
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean);
  return [...new Set(tags)];
}

/** What others get of the graph, and what its picture is drawn of: a picture shows notes, paths and names, too. */
export const publishedOf = (document: GraphDocument, { leaveOut }: PublishWish): GraphDocument =>
  withoutLeaving(document, leaveOut);

export function publicationOf(
  wish: PublishWish,
  version: string,
  picture: string | undefined,
): Inputs["templates"]["publish"] {
  const { title, text, licence, changes, visibility, form, leaveOut } = wish;
  return {
    version,
    about: { title, text, licence, tags: tagsIn(wish.tags) },
    changes,
    visibility,
    form,
    leaveOut,
    picture,
  };
}
