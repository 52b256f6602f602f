"use client";

import { Button } from "./_ui/button";

export default function ErrorPage({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-3 p-8 text-center" role="alert">
      <h1 className="text-xl font-semibold">This page could not be shown</h1>
      <p className="max-w-md text-ink-2">The database may be away for a moment. What you saved is safe.</p>
      <Button look="primary" onClick={reset}>
        Try again
      </Button>
    </main>
  );
}
