import Link from "next/link";

export default function NotFound() {
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <h1 className="text-lg font-semibold">This page does not exist</h1>
      <p className="text-ink-2">The graph, run or sweep may have been deleted.</p>
      <Link href="/" className="text-accent hover:underline">
        To the start page
      </Link>
    </main>
  );
}
