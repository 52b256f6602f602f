"use client";

import { Copy } from "lucide-react";
import { Button } from "./button";
import { copyText } from "./copy-text";
import { toast } from "./toast";

/** A text that is passed on, and a button that copies it. */
export function Copied({ label, text }: { label: string; text: string }) {
  return (
    <label className="block text-xs text-ink-2">
      {label}
      <span className="mt-1 flex gap-2">
        <input
          className="field h-8 font-mono text-xs"
          readOnly
          value={text}
          onFocus={(event) => event.target.select()}
        />
        <Button aria-label={`Copy: ${label}`} onClick={() => void copyAndTell(text)}>
          <Copy className="size-4" aria-hidden />
        </Button>
      </span>
    </label>
  );
}

export async function copyAndTell(text: string): Promise<void> {
  if (await copyText(text)) toast("Copied.");
  else toast("This browser does not let the page copy.", { description: "Choose the text and copy it by keys." });
}
