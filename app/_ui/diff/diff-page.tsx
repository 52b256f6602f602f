import { ArrowLeft } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Head } from "../shell";

interface DiffPageProps {
  /** Where the page was come from, and what that is called. */
  from: { href: string; name: string };
  title: string;
  /** More at the right of the head. */
  more?: ReactNode;
  children: ReactNode;
}

/** A page that compares states of a graph: its head, and below it whatever has all the room that is left. */
export function DiffPage({ from, title, more, children }: DiffPageProps) {
  return (
    <div className="flex h-screen flex-col overflow-hidden">
      <Head actions={more}>
        <span className="h-5 w-px bg-line" />
        <Link href={from.href} className="flex min-w-0 items-center gap-1.5 font-semibold hover:text-accent">
          <ArrowLeft className="size-4 shrink-0" aria-hidden />
          <span className="truncate">{from.name || "Untitled"}</span>
        </Link>
        <h1 className="shrink-0 text-ink-2">{title}</h1>
      </Head>
      {children}
    </div>
  );
}
