"use client";

import { useCallback } from "react";
import { isPng, withPngText } from "#models/files/png-text";
import type { StoredImage } from "#nodes/core/values";
import { withoutPins } from "#nodes/graph/edits";
import { pictureKeyword, pictureText } from "#nodes/graph/pictured";
import { useTRPCClient } from "../../_trpc/client";
import { keepFile } from "../../_ui/keep-file";
import { complain } from "../saving";
import { blobUrl } from "../upload";
import type { SavePicture } from "./picture-saving";

/** Saves a picture that a run gave. As PNG it carries the graph as that run ran it, which opens where it is dropped. */
export function useSavePicture(run: string | undefined): SavePicture | undefined {
  const client = useTRPCClient();
  const save = useCallback(
    async (id: string, image: StoredImage) => {
      const answer = await fetch(blobUrl(image.ref));
      if (!answer.ok) throw new Error("The picture is not in the store any more. Run the graph again.");
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const type = answer.headers.get("content-type") ?? "";
      const ending = type.replace(/^image\/|\+xml$/g, "");
      const name = `${(image.name ?? "").replace(/[^\p{L}\p{N}-]+/gu, "-") || "picture"}.${ending}`;
      const { document } = await client.runs.get.query({ id });
      const isCarrying = isPng(bytes) && document !== undefined;
      const kept = isCarrying ? withPngText(bytes, pictureKeyword, pictureText(withoutPins(document))) : bytes;
      keepFile(name, new Blob([kept as BlobPart], { type }));
    },
    [client],
  );
  return run === undefined ? undefined : (image) => void save(run, image).catch(complain);
}
