"use client";

import { Button } from "../_ui/button";
import { Copied } from "../_ui/copied";
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
