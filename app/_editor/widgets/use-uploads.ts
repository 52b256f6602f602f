"use client";

import { useState } from "react";
import { toast } from "../../_ui/toast";
import type { Source } from "#models/onnx/import/fields";
import { type Chosen, choose, type Stored } from "#nodes/core/chosen";
import type { Inspect } from "#nodes/core/node";
import { type Uploaded, upload } from "../upload";

/** Sends files one after the other, and tells of those that fail. `left` is how many are still to send. */
export function useUploads(onDone: (done: Uploaded[]) => void) {
  const [left, setLeft] = useState(0);
  const send = async (files: Iterable<File>) => {
    const chosen = [...files];
    const done: Uploaded[] = [];
    setLeft(chosen.length);
    for (const file of chosen) {
      try {
        done.push(await upload(file));
      } catch (error) {
        tell(error);
      }
      setLeft((now) => now - 1);
    }
    if (done.length) onDone(done);
  };
  return { left, send };
}

/**
 * Sends what was chosen for one parameter: a file, or one with those that belong to it. Nothing is sent that does not
 * pass its inspection. `isBusy` while it is read and sent.
 */
export function useChoice(onDone: (value: Stored) => void, inspect: Inspect | undefined) {
  const [isBusy, setIsBusy] = useState(false);
  const send = async (files: Iterable<File>) => {
    const chosen = [...files].map(chosenOf);
    if (!chosen.length) return;
    setIsBusy(true);
    try {
      onDone(await choose({ chosen, inspect, send: sendChosen }));
    } catch (error) {
      tell(error);
    }
    setIsBusy(false);
  };
  return { isBusy, send };
}

const tell = (error: unknown) =>
  toast.error((error as Error).message, { description: (error as { hint?: string }).hint });

interface ChosenFile extends Source {
  file: File;
}

function chosenOf(file: File): Chosen {
  const read = async (start: number, end: number) => new Uint8Array(await file.slice(start, end).arrayBuffer());
  const source: ChosenFile = { file, size: file.size, read };
  return { path: file.webkitRelativePath || file.name, source };
}

/** A chosen file goes as it is; one of an archive is unpacked for it. */
async function sendChosen({ path, source }: Chosen): Promise<string> {
  const { file } = source as Partial<ChosenFile>;
  const whole = file ?? new File([new Uint8Array(await source.read(0, source.size))], path);
  return (await upload(whole)).ref;
}
