"use client";

import { Copy } from "lucide-react";
import { toast } from "../_ui/toast";
import { Button } from "../_ui/button";
import { addressHere } from "../_ui/path-here";

export const addressOf = (token: string): string => addressHere(`/s/${token}`);
export const frameOf = (token: string): string =>
  `<iframe src="${addressHere(`/embed/${token}`)}" width="100%" height="480" loading="lazy"></iframe>`;

/** The address that was made just now. */
export function MadeLink({ token, onAnother }: { token: string; onAnother(): void }) {
  return (
    <div className="flex flex-col gap-3" data-made-link>
      <p className="text-ink-2">Whoever has this address sees what you chose, until you take it back.</p>
      <Copied label="Address" text={addressOf(token)} />
      <Copied label="For a page of a site that you allowed" text={frameOf(token)} />
      <div className="flex gap-2">
        <a
          href={addressOf(token)}
          target="_blank"
          rel="noreferrer"
          className="inline-flex h-8 items-center rounded-md border border-line-strong px-3 font-medium hover:bg-sunken"
        >
          Open
        </a>
        <Button onClick={onAnother}>Make another</Button>
      </div>
    </div>
  );
}

function Copied({ label, text }: { label: string; text: string }) {
  return (
    <label className="block text-xs text-ink-2">
      {label}
      <span className="mt-1 flex gap-2">
        <input className="field font-mono text-xs" readOnly value={text} onFocus={(event) => event.target.select()} />
        <Button aria-label={`Copy: ${label}`} onClick={() => void copyText(text)}>
          <Copy className="size-4" aria-hidden />
        </Button>
      </span>
    </label>
  );
}

/** Browsers give the clipboard to pages of https and of this machine only. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("This browser does not let the page copy.", { description: "Choose the text and copy it by keys." });
  }
}
