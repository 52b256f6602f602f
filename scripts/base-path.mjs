/**
 * The path below which a proxy has Patchbay, such as "/patchbay"; "" at the root.
 * @param {string | undefined} [publicUrl] the address that people see
 * @returns {string}
 */
export function basePathOf(publicUrl = process.env.PATCHBAY_PUBLIC_URL) {
  return publicUrl && URL.canParse(publicUrl) ? new URL(publicUrl).pathname.replace(/\/+$/, "") : "";
}

/** Where the web application is built: apart for a path, which is written into every address of its pages. */
export const buildFolder = basePathOf() ? ".next-below" : ".next";
