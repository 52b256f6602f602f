/** With a plain link: any page may turn out to be none, and each would load what another kind of link needs. */
import { pathHere } from "./_ui/path-here";

export default function NotFound() {
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <h1 className="text-lg font-semibold">This page does not exist</h1>
      <p className="text-ink-2">The graph, run or sweep may have been deleted.</p>
      <a href={pathHere("/")} className="text-accent hover:underline">
        To the start page
      </a>
    </main>
  );
}
