const place = "patchbay.askedBy";
let known: string | undefined;

/** A name that this browser gave itself: by it people find and cancel what they asked for. There are no accounts. */
export function askedBy(): string {
  known ??= stored() ?? invented();
  return known;
}

function stored(): string | undefined {
  try {
    return localStorage.getItem(place) ?? undefined;
  } catch {
    return undefined; // this browser keeps nothing
  }
}

function invented(): string {
  // `crypto.randomUUID` is there over https alone.
  const name = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(36)).join("");
  try {
    localStorage.setItem(place, name);
  } catch {
    // It is this page's name then.
  }
  return name;
}
