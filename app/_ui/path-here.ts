/** The path below which a proxy has Patchbay, such as "/patchbay"; next.config.js builds it in. */
const basePath = process.env.PATCHBAY_BASE_PATH ?? "";

/** A path of Patchbay as a browser asks for it. `<Link>`, the router and `redirect` of Next do this by themselves. */
export const pathHere = (path: string): string => basePath + path;

/** The same with the host, as it is given to others. */
export const addressHere = (path: string): string => window.location.origin + pathHere(path);
