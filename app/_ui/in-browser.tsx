"use client";

import { type ReactNode, useSyncExternalStore } from "react";

const never = () => () => {};

interface InBrowserProps {
  /** What the server draws instead, which is there until the scripts of the children are. */
  until: ReactNode;
  children: ReactNode;
}

/**
 * What the server neither computes nor draws, nor even loads: the page is there sooner, and its scripts come while it
 * is read. They are asked for by the page all the same, since the children stand in it.
 */
export function InBrowser({ until, children }: InBrowserProps) {
  const isHere = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  return isHere ? children : until;
}
