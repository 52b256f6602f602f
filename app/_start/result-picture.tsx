"use client";

import { type ReactNode, useState } from "react";

/** What a template gives, as its canvas looks after a run; its bare graph where there is no such picture. */
export function ResultPicture({ id, children }: { id: string; children: ReactNode }) {
  const [isMissing, setMissing] = useState(false);
  if (isMissing) return <div className="h-full p-3">{children}</div>;
  return (
    <img
      src={`/api/templates/${id}/picture`}
      alt=""
      loading="lazy"
      decoding="async"
      onError={() => setMissing(true)}
      className="size-full object-cover object-center transition duration-300 group-hover:scale-105 dark:brightness-90"
    />
  );
}
