"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { lazy, Suspense, useCallback, useEffect } from "react";
import { toast } from "../_ui/toast";
import { useStore } from "zustand";
import type { GraphDocument } from "#nodes/graph/document";
import { problemOf, useTRPC } from "../_trpc/client";
import { openFiles, opening, openText } from "./opening";

const OpenQuestion = lazy(async () => ({ default: (await import("./open-question")).OpenQuestion }));

/** Opens what is dropped or pasted on any page, where it is a graph, or a picture that carries one. */
export function OpenAnywhere() {
  const found = useStore(opening, (state) => state.found);
  const insert = useStore(opening, (state) => state.insert);
  const create = useCreate();
  useDropsAndPastes();
  useMade();
  useEffect(() => {
    if (!found || insert) return;
    opening.setState({ found: undefined });
    create(found.document);
  }, [found, insert, create]);
  if (!found || !insert) return null;
  return (
    <Suspense>
      <OpenQuestion
        found={found}
        onNew={create}
        onInsert={insert}
        onClose={() => opening.setState({ found: undefined })}
      />
    </Suspense>
  );
}

/** Shows a graph that was made of a bundle. */
function useMade(): void {
  const made = useStore(opening, (state) => state.made);
  const router = useRouter();
  useEffect(() => {
    if (!made) return;
    opening.setState({ made: undefined });
    router.push(`/graphs/${made}`);
  }, [made, router]);
}

function useCreate(): (document: GraphDocument) => void {
  const trpc = useTRPC();
  const router = useRouter();
  const { mutate } = useMutation(
    trpc.graphs.create.mutationOptions({
      onSuccess: ({ id }) => router.push(`/graphs/${id}`),
      onError: (error) => toast.error(problemOf(error).message),
    }),
  );
  return useCallback((document) => mutate({ document }), [mutate]);
}

/** What a part of a page has a use for, such as a canvas or a field, it takes first. */
function useDropsAndPastes(): void {
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      const files = [...(event.dataTransfer?.files ?? [])];
      if (event.defaultPrevented || !files.length) return;
      event.preventDefault();
      void openFiles(files).then(sayOthers);
    };
    const paste = (event: ClipboardEvent) => {
      const target = event.target as Element;
      if (event.defaultPrevented || target.closest?.("input, textarea, [contenteditable=true]")) return;
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) void openFiles(files).then(sayOthers);
      else void openText(event.clipboardData?.getData("text/plain") ?? "");
    };
    window.addEventListener("dragover", over);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
    };
  }, []);
}

function sayOthers(files: readonly File[]): void {
  const [file] = files;
  if (!file) return;
  const isPicture = file.type.startsWith("image/");
  const description = isPicture
    ? "Drop it on the canvas of a graph to work on it as a picture."
    : "Graphs are .json files, bundles (.patchbay), and pictures that the editor exported.";
  toast(`“${file.name}” carries no graph.`, { description });
}
