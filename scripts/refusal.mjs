/**
 * Why a request is not even looked at, or undefined. A page of another site, open in the same
 * browser, must not reach Patchbay with what that browser is allowed, with and without accounts.
 * @param {{ method?: string, url?: string, headers: Record<string, string | string[] | undefined> }} request
 * @param {{ loopback: boolean, name?: string }} options whether the server listens on the loopback address only, and
 * the
 *   name and port by which a proxy before it is reached
 * @returns {{ status: number, message: string, hint: string } | undefined}
 */
export function refusal({ method = "GET", url = "/", headers }, { loopback, name }) {
  // On the loopback address only its names are answered: a page elsewhere cannot come in under a name of its own
  // (DNS rebinding).
  if (loopback && headers.host !== name && !/^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(String(headers.host)))
    return { status: 421, message: "This Patchbay answers on localhost only.", hint: "Set HOST to serve other names." };
  if (!/^\/(?!\/)/.test(url) || !isEncoded(url))
    return { status: 400, message: "This is no address of Patchbay.", hint: "Open its start page." };
  if (method !== "GET" && method !== "HEAD" && isForeign(headers))
    return {
      status: 403,
      message: "Changes come from Patchbay's own pages only.",
      hint: "Open Patchbay under the address it was started with; a proxy before it must pass on the Host header.",
    };
  return undefined;
}

function isEncoded(url) {
  try {
    return Boolean(decodeURIComponent(url.split("?")[0]));
  } catch {
    return false;
  }
}

/** Browsers say where a request comes from; what says nothing is no browser. */
function isForeign({ "sec-fetch-site": site, origin, host }) {
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  return origin !== undefined && String(origin).replace(/^https?:\/\//, "") !== host;
}
