"use client";

import { type ReactNode, useState } from "react";
import { pathHere } from "../_ui/path-here";

/**
 * What a template gives: the canvas, cut out of a picture of the editor after a run. Its bare graph where there is no
 * such picture.
 */
export function ResultPicture({ id, children }: { id: string; children: ReactNode }) {
  const [isMissing, setMissing] = useState(false);
  if (isMissing) return <div className="h-full p-3">{children}</div>;
  return (
    <img
      src={pathHere(`/api/templates/${id}/picture`)}
      alt=""
      loading="lazy"
      decoding="async"
      onError={() => setMissing(true)}
      className="h-auto w-[131%] max-w-none -translate-x-[3%] -translate-y-[14%] dark:brightness-90"
    />
  );
}
