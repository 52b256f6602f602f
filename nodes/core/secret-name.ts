import * as z from "zod";

/**
 * The name of a secret that the team keeps: a parameter with the widget `secret` holds it, and never what the secret
 * says. Nodes hand it to their host, which alone knows more.
 */
export const secretName = z.string().regex(/^[\w.-]{1,64}$/, "the name of a secret: letters, digits, “.”, “-” and “_”");
