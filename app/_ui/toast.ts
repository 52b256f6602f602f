/**
 * Notices at the foot of the page. Their library is loaded when the page rests or when the first one is told, which
 * waits until there is a place for it.
 */
import type { ExternalToast, toast as Sonner } from "sonner";

type Sonners = typeof Sonner;
type Text = Parameters<Sonners>[0];

const listeners = new Set<() => void>();
let isWanted = false;
let tell: (sonner: Sonners) => void = () => {};
const told = new Promise<Sonners>((resolve) => {
  tell = resolve;
});

/** Whether the place for notices is wanted, for what shows it. */
export const place = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  isWanted: () => isWanted,
  want(): void {
    if (isWanted) return;
    isWanted = true;
    for (const listener of listeners) listener();
  },
  /** What is told is shown from now on. */
  ready: (sonner: Sonners): void => tell(sonner),
};

let count = 0;

/** Tells by one of the library's functions; gives the name by which the notice is taken away. */
function notice(show: (sonner: Sonners, text: Text, options: ExternalToast) => void) {
  return (text: Text, options: ExternalToast = {}): string | number => {
    const id = options.id ?? `notice ${++count}`;
    place.want();
    void told.then((sonner) => show(sonner, text, { ...options, id }));
    return id;
  };
}

export const toast = Object.assign(
  notice((sonner, text, options) => sonner(text, options)),
  {
    error: notice((sonner, text, options) => sonner.error(text, options)),
    success: notice((sonner, text, options) => sonner.success(text, options)),
    info: notice((sonner, text, options) => sonner.info(text, options)),
    warning: notice((sonner, text, options) => sonner.warning(text, options)),
    loading: notice((sonner, text, options) => sonner.loading(text, options)),
    dismiss: (id?: string | number): void => void told.then((sonner) => sonner.dismiss(id)),
  },
);
