import Link from "next/link";
import type { Problem } from "#nodes/graph/problem";

/** Instead of a graph that is stored and cannot be read: why, and the way back to where it can be deleted. */
export function Unreadable({ title, problems }: { title: string; problems: readonly Problem[] }) {
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-3 p-8 text-center" role="alert">
      <h1 className="text-xl font-semibold">{title}</h1>
      {problems.slice(0, 3).map(({ message, hint }) => (
        <p key={message} className="max-w-md wrap-anywhere text-ink-2">
          {message} {hint}
        </p>
      ))}
      <Link href="/" className="text-accent hover:underline">
        To the start page
      </Link>
    </main>
  );
}
