/** Puts a text into the clipboard, and says whether that was possible: over plain http too, where pages must ask so. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByEvent(text);
  }
}

function copyByEvent(text: string): boolean {
  function fill(event: ClipboardEvent): void {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  document.addEventListener("copy", fill, true);
  const isDone = document.execCommand("copy");
  document.removeEventListener("copy", fill, true);
  return isDone;
}
