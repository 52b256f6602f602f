"use client";

import { LoaderCircle, type LucideIcon } from "lucide-react";
import { type ReactNode, useState } from "react";
import { problemOf } from "../../_trpc/client";
import { Button } from "../../_ui/button";

interface Props {
  icon: LucideIcon;
  disabled?: boolean;
  /** Reads, and sets the parameter. */
  read: () => Promise<void>;
  children: ReactNode;
}

/** Fills a parameter with what the server reads, and says below it why it cannot. */
export function ReadButton({ icon: Icon, disabled, read, children }: Props) {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const onClick = async () => {
    setIsBusy(true);
    setProblem(undefined);
    try {
      await read();
    } catch (error) {
      const { message, hint = "" } = problemOf(error);
      setProblem(`${message} ${hint}`);
    }
    setIsBusy(false);
  };
  return (
    <>
      <Button size="s" disabled={disabled || isBusy} onClick={() => void onClick()}>
        {isBusy ? (
          <LoaderCircle className="size-3.5 animate-spin" aria-hidden />
        ) : (
          <Icon className="size-3.5" aria-hidden />
        )}
        {children}
      </Button>
      {problem && <p className="mt-1 text-2xs wrap-anywhere text-bad">{problem}</p>}
    </>
  );
}
