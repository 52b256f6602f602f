"use client";

import { createContext, useContext } from "react";
import { blobUrl } from "./upload";

const Folder = createContext("/api/blobs");

/** Has the files of results below read from another address: those that a link shows lie under that link's. */
export const BlobFolder = Folder.Provider;

/** Where a stored file is read; with a name it is saved under that. */
export function useBlobUrl(): (ref: string, name?: string) => string {
  const folder = useContext(Folder);
  return (ref, name) => blobUrl(ref, name, folder);
}
