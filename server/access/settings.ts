/** What the environment says of accounts: who may sign up, how, what is sent by mail, and how much each may use. */
import * as z from "zod";
import { amount } from "../env";

const count = z.coerce.number().int("a whole number was expected").min(1, "at least 1 was expected");

const schema = z.object({
  /** Who may make an account: those who were invited, or anyone. */
  PATCHBAY_SIGN_UP: z.enum(["invited", "anyone"]).default("invited"),
  /** A mail server as smtp://USER:PASSWORD@HOST:PORT, and from whom mail comes. */
  PATCHBAY_SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: "an address such as smtp://user:password@host:587" })
    .optional(),
  PATCHBAY_MAIL_FROM: z.string().default("Patchbay <patchbay@localhost>"),
  /** An OAuth application of GitHub's. */
  PATCHBAY_GITHUB_ID: z.string().optional(),
  PATCHBAY_GITHUB_SECRET: z.string().optional(),
  /** A provider of OpenID Connect: its issuer's address, and what it knows Patchbay by. */
  PATCHBAY_OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  PATCHBAY_OIDC_ID: z.string().optional(),
  PATCHBAY_OIDC_SECRET: z.string().optional(),
  PATCHBAY_OIDC_NAME: z.string().default("single sign-on"),
  /** How many bytes of uploads a user and a team may have. */
  PATCHBAY_UPLOADS_PER_USER: amount.optional(),
  PATCHBAY_UPLOADS_PER_TEAM: amount.optional(),
  /** How many runs of a user and of a team may wait or go on at once. */
  PATCHBAY_RUNS_PER_USER: count.optional(),
  PATCHBAY_RUNS_PER_TEAM: count.optional(),
});

export interface AccessSettings {
  signUp: "invited" | "anyone";
  mail?: { server: string; from: string };
  github?: { clientId: string; clientSecret: string };
  oidc?: { issuer: string; clientId: string; clientSecret: string; name: string };
  /** Bytes. */
  uploads: { user?: number; team?: number };
  runs: { user?: number; team?: number };
}

/** The settings, read from the environment. A bad one is named, with what is allowed. */
export function accessSettings(from: Record<string, string | undefined> = process.env): AccessSettings {
  const set = Object.fromEntries(Object.keys(schema.shape).flatMap((name) => (from[name] ? [[name, from[name]]] : [])));
  const { data, error } = schema.safeParse(set);
  if (!data)
    throw Object.assign(
      new Error(`The setting ${error.issues[0]?.path.join(".")} is wrong: ${error.issues[0]?.message}.`),
      { hint: "docs/accounts.md lists the settings." },
    );
  const { PATCHBAY_GITHUB_ID: githubId, PATCHBAY_GITHUB_SECRET: githubSecret } = data;
  const { PATCHBAY_OIDC_ISSUER: issuer, PATCHBAY_OIDC_ID: oidcId, PATCHBAY_OIDC_SECRET: oidcSecret } = data;
  return {
    signUp: data.PATCHBAY_SIGN_UP,
    mail: data.PATCHBAY_SMTP_URL ? { server: data.PATCHBAY_SMTP_URL, from: data.PATCHBAY_MAIL_FROM } : undefined,
    github: githubId && githubSecret ? { clientId: githubId, clientSecret: githubSecret } : undefined,
    oidc:
      issuer && oidcId && oidcSecret
        ? { issuer, clientId: oidcId, clientSecret: oidcSecret, name: data.PATCHBAY_OIDC_NAME }
        : undefined,
    uploads: { user: data.PATCHBAY_UPLOADS_PER_USER, team: data.PATCHBAY_UPLOADS_PER_TEAM },
    runs: { user: data.PATCHBAY_RUNS_PER_USER, team: data.PATCHBAY_RUNS_PER_TEAM },
  };
}
