/** Raised by the first Ctrl-C; a second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  // npm passes on the signal that the terminal sent to all: only one that comes later is a second one.
  let since = Number.POSITIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (performance.now() - since > 1000) process.exit(1);
      since = Math.min(since, performance.now());
      controller.abort();
    });
  }
  return controller.signal;
}
