let shown: HTMLLinkElement | undefined;

/** Puts a ring that is filled by so many percent over the page's icon. */
export function showIcon(percent: number): void {
  hideIcon();
  shown = ringOf(percent);
  document.head.append(shown);
}

export function hideIcon(): void {
  shown?.remove();
}

function ringOf(percent: number): HTMLLinkElement {
  const length = (2 * Math.PI * 12 * percent) / 100;
  const ring = `<circle cx="16" cy="16" r="12" fill="none" stroke-width="6"`;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${ring} stroke="#9aa3b5" stroke-opacity=".4"/>` +
    `${ring} stroke="#4f6df5" stroke-dasharray="${length} 100" transform="rotate(-90 16 16)"/></svg>`;
  const link = document.createElement("link");
  link.rel = "icon";
  link.type = "image/svg+xml";
  link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  return link;
}
