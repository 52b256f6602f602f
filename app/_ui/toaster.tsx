"use client";

import { useEffect } from "react";
import { toast, Toaster as Notices } from "sonner";
import { place } from "./toast";

const style = { background: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line-strong)" };

export function Toaster() {
  useEffect(() => place.ready(toast), []);
  return <Notices position="bottom-center" toastOptions={{ style, classNames: { description: "!text-ink-2" } }} />;
}
