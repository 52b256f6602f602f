"use client";

import { useState } from "react";
import { toast } from "sonner";
import { type Uploaded, upload } from "../upload";
import type { Field } from "./describe";

/** What an inspection reads of a file, kept beside its reference. */
export type Inspected = Record<string, unknown>;

/**
 * Sends files one after the other, and tells of those that fail. A file that does not pass its inspection is not sent.
 * `left` is how many are still to send.
 */
export function useUploads(onDone: (done: Uploaded[], inspected: Inspected) => void, inspect?: Field["inspect"]) {
  const [left, setLeft] = useState(0);
  const send = async (files: Iterable<File>) => {
    const chosen = [...files];
    const done: Uploaded[] = [];
    let inspected: Inspected = {};
    setLeft(chosen.length);
    for (const file of chosen) {
      try {
        if (inspect) inspected = await keptOf(file, inspect);
        done.push(await upload(file));
      } catch (error) {
        toast.error((error as Error).message, { description: (error as { hint?: string }).hint });
      }
      setLeft((now) => now - 1);
    }
    if (done.length) onDone(done, inspected);
  };
  return { left, send };
}

async function keptOf(file: File, inspect: NonNullable<Field["inspect"]>): Promise<Inspected> {
  const { files: _, ...kept } = await inspect(readerOf(file));
  return kept as Inspected;
}

const readerOf = (file: File) => ({
  size: file.size,
  read: async (start: number, end: number) => new Uint8Array(await file.slice(start, end).arrayBuffer()),
});
