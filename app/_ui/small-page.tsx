import { Cable } from "lucide-react";
import type { ReactNode } from "react";

/** The sign of Patchbay, without a link: also for those who come by an address, and have no way further in. */
export function LogoMark() {
  return (
    <span className="flex items-center gap-2 font-semibold text-ink">
      <span className="flex size-7 items-center justify-center rounded-lg bg-accent text-accent-ink">
        <Cable className="size-4" aria-hidden />
      </span>
      <span className="text-base tracking-tight">Patchbay</span>
    </span>
  );
}

interface SmallPageProps {
  title: string;
  note?: ReactNode;
  children?: ReactNode;
}

/** A page that asks for one thing, or says one: signing in, a link's password, what is not there. */
export function SmallPage({ title, note, children }: SmallPageProps) {
  return (
    <main className="mx-auto flex min-h-full w-full max-w-sm flex-col justify-center px-5 py-10">
      <div className="mb-6 self-center">
        <LogoMark />
      </div>
      <div className="rounded-xl border border-line bg-surface p-6 shadow-(--shadow)">
        <h1 className="text-xl font-semibold">{title}</h1>
        {note && <p className="mt-1 text-sm text-ink-2">{note}</p>}
        {children}
      </div>
    </main>
  );
}
