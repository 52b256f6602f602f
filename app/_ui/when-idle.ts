/** Milliseconds that a page has for itself before it loads what is not asked for yet. */
const rest = 1500;

/** Calls back when the page has been there for a while and has nothing else to do; gives what ends that. */
export function whenIdle(callback: () => void): () => void {
  let idle: number | undefined;
  const timer = setTimeout(() => {
    // Safari has no idle callbacks.
    if ("requestIdleCallback" in window) idle = window.requestIdleCallback(callback, { timeout: 4000 });
    else callback();
  }, rest);
  return () => {
    clearTimeout(timer);
    if (idle !== undefined) window.cancelIdleCallback(idle);
  };
}
