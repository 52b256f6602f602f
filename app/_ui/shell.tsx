"use client";

import { Cable, Moon, Sun } from "lucide-react";
import Link from "next/link";
import { useTheme } from "next-themes";
import type { ReactNode } from "react";
import { IconButton } from "./button";
import { cx } from "./cx";
import { QueueTray } from "./queue/later";

export function Logo() {
  return (
    <Link
      href="/"
      className="flex shrink-0 items-center gap-2 font-semibold text-ink"
      aria-label="Patchbay, start page"
    >
      <span className="flex size-7 items-center justify-center rounded-lg bg-accent text-accent-ink">
        <Cable className="size-4" aria-hidden />
      </span>
      <span className="hidden text-base tracking-tight sm:inline">Patchbay</span>
    </Link>
  );
}

export function ThemeSwitch() {
  const { resolvedTheme, setTheme } = useTheme();
  return (
    <IconButton
      label="Switch between light and dark"
      onClick={() => setTheme(resolvedTheme === "dark" ? "light" : "dark")}
    >
      <Sun className="hidden size-4 dark:block" aria-hidden />
      <Moon className="size-4 dark:hidden" aria-hidden />
    </IconButton>
  );
}

const pages = {
  start: { href: "/", text: "Graphs" },
  apps: { href: "/apps", text: "Apps" },
  runs: { href: "/runs", text: "Runs" },
  sweeps: { href: "/sweeps", text: "Sweeps" },
  account: { href: "/account", text: "Account" },
};

interface HeadProps {
  /** What the page has of its own at the right. */
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** The head of every page but the editor: where one is at the left; the queue of runs at the right. */
export function Head({ actions, className, children }: HeadProps) {
  return (
    <header
      className={cx("flex h-13 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 sm:gap-4", className)}
    >
      <Logo />
      {children}
      <div className="ml-auto flex shrink-0 items-center gap-1 sm:gap-2">
        {actions}
        <QueueTray />
        <ThemeSwitch />
      </div>
    </header>
  );
}

/** The frame of most pages: the way to the others in the head, and a column below it. */
export function Shell({
  here,
  actions,
  children,
}: {
  here: keyof typeof pages;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="flex min-h-full flex-col">
      <Head className="sticky top-0 z-10 sm:px-5" actions={actions}>
        <nav className="flex min-w-0 overflow-x-auto sm:gap-1">
          {Object.entries(pages).map(([name, { href, text }]) => (
            <PageLink key={name} href={href} isHere={name === here}>
              {text}
            </PageLink>
          ))}
        </nav>
      </Head>
      <main className="mx-auto w-full max-w-6xl flex-1 px-5 py-7">{children}</main>
    </div>
  );
}

function PageLink({ href, isHere, children }: { href: string; isHere: boolean; children: ReactNode }) {
  return (
    <Link
      href={href}
      aria-current={isHere ? "page" : undefined}
      className={cx(
        "rounded-md px-1 py-1.5 font-medium sm:px-2.5",
        isHere ? "bg-sunken text-ink" : "text-ink-2 hover:text-ink",
      )}
    >
      {children}
    </Link>
  );
}
