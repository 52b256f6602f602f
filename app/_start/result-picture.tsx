"use client";

import { type ReactNode, useState } from "react";
import { pathHere } from "../_ui/path-here";

/** What a template gives after a run, in the page's theme. Its bare graph where there is no such picture. */
export function ResultPicture({ id, children }: { id: string; children: ReactNode }) {
  const [isMissing, setMissing] = useState(false);
  if (isMissing) return <div className="h-full p-3">{children}</div>;
  const pictureIn = (theme: "light" | "dark", shown: string) => (
    <img
      src={pathHere(`/api/templates/${id}/picture?theme=${theme}`)}
      alt=""
      loading="lazy" // the one that is not shown is not fetched
      decoding="async"
      onError={() => setMissing(true)}
      className={`size-full object-cover object-top ${shown}`}
    />
  );
  return (
    <>
      {pictureIn("light", "dark:hidden")}
      {pictureIn("dark", "hidden dark:block")}
    </>
  );
}
