"use client";

import { Link2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "../_ui/button";

const ShareWindow = lazy(async () => ({ default: (await import("./share-window")).ShareWindow }));

/** Makes a page of these runs for whoever has its address. */
export function ShareRuns({ runs }: { runs: readonly string[] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Link2 className="size-4" aria-hidden />
        Share
      </Button>
      {isOpen && (
        <Suspense>
          <ShareWindow runs={runs} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
