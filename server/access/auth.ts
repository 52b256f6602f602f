/** Signing in: better-auth on our database, as the settings have it. */
import { betterAuth } from "better-auth/minimal";
import { APIError, createAuthMiddleware, getSessionFromCtx } from "better-auth/api";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { genericOAuth } from "better-auth/plugins/generic-oauth";
import { type Db, db } from "../db";
import { env } from "../env";
import { keyFor } from "./key";
import { sendMail } from "./mail";
import { type AccessSettings, accessSettings } from "./settings";
import { notePasswordReset, noteSignIn, noteSignOut } from "./sign-in-log";
import { mayJoin, settleIn } from "./sign-up";

const day = 24 * 60 * 60;
const authPath = "/api/auth";

const kept = globalThis as { patchbayAuth?: { auth: Auth; db: Db } };
type Auth = ReturnType<typeof openAuth>;

/** Made when first used, like the database that it works on. */
export function auth(): Auth {
  const client = db();
  if (kept.patchbayAuth?.db !== client) kept.patchbayAuth = { auth: openAuth(client), db: client };
  return kept.patchbayAuth.auth;
}

/**
 * Answers what is asked of the routes for signing in. Whom a provider brought and who may not stay is told on a page.
 */
export async function answerAuth(request: Request): Promise<Response> {
  const answer = await auth().handler(withBasePath(request));
  const isBack = /\/callback\//.test(new URL(request.url).pathname);
  if (!isBack || answer.status < 400) return answer;
  return new Response(null, { status: 302, headers: { location: `${env().basePath}/sign-in?error=not_let_in` } });
}

/** Next takes the path below which Patchbay lies off the addresses of requests; better-auth compares with the whole. */
function withBasePath(request: Request): Request {
  const { basePath } = env();
  const url = new URL(request.url);
  if (!basePath) return request;
  url.pathname = basePath + url.pathname;
  return new Request(url, request);
}

function openAuth(client: Db, settings: AccessSettings = accessSettings()) {
  const { publicUrl, basePath } = env();
  return betterAuth({
    appName: "Patchbay",
    baseURL: publicUrl && `${publicUrl}${authPath}`,
    basePath: authPath,
    secret: keyFor("sessions").toString("base64"),
    database: prismaAdapter(client, { provider: "postgresql" }),
    // scripts/refusal.mjs lets no page of another site in; this compares with the address that a request came to.
    trustedOrigins: (request) => [publicUrl ? new URL(publicUrl).origin : originOf(request)],
    emailAndPassword: {
      enabled: true,
      // Whoever made an account signs in like everybody: no session is made that nobody has.
      autoSignIn: false,
      minPasswordLength: 10,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: 60 * 60,
      onPasswordReset: ({ user }) => notePasswordReset(client, user.id),
      sendResetPassword: ({ user, url }) =>
        sendMail(user.email, "A new password for Patchbay", `Choose a new password here within an hour:\n\n${url}\n`),
    },
    hooks: {
      before: createAuthMiddleware(async (context) => {
        if (context.path !== "/sign-out") return;
        const session = await getSessionFromCtx(context); // gone afterwards
        if (session) await noteSignOut(client, session.user.id);
      }),
      after: createAuthMiddleware((context) => noteSignIn(client, context)),
    },
    // Whoever makes an account with a password shows an invitation first: the procedure `account.signUp`.
    disabledPaths: ["/sign-up/email", "/update-user", "/delete-user", "/change-email"],
    user: {
      additionalFields: { isAdministrator: { type: "boolean", input: false, required: false, defaultValue: false } },
    },
    session: { expiresIn: 30 * day, updateAge: day },
    // A copy of the database sets no password and speaks to no provider.
    verification: { storeIdentifier: "hashed" },
    account: { encryptOAuthTokens: true },
    socialProviders: settings.github ? { github: settings.github } : {},
    plugins: settings.oidc ? [genericOAuth({ config: [oidcOf(settings.oidc)] })] : [],
    databaseHooks: {
      user: {
        create: {
          async before(user, context) {
            if (context?.path === "/sign-up/email") return; // it was asked already
            if (!(await mayJoin(client, settings, user)))
              throw new APIError("FORBIDDEN", { message: "This Patchbay lets in those who were invited." });
          },
          after: (user) => settleIn(client, user),
        },
      },
    },
    rateLimit: {
      enabled: true,
      window: 60,
      max: 120,
      customRules: {
        "/sign-in/email": { window: 60, max: 10 },
        "/request-password-reset": { window: 300, max: 5 },
        "/reset-password": { window: 300, max: 10 },
        "/get-session": false,
      },
    },
    advanced: {
      cookiePrefix: "patchbay",
      useSecureCookies: publicUrl?.startsWith("https:") ?? false,
      defaultCookieAttributes: { sameSite: "lax", httpOnly: true, path: basePath || "/" },
      // scripts/web.mjs has written down where a request came from, whatever it said itself.
      ipAddress: { ipAddressHeaders: ["x-patchbay-address"] },
      database: { generateId: "uuid" },
    },
    telemetry: { enabled: false },
  });
}

function originOf(request: Request | undefined): string {
  const host = request?.headers.get("host");
  return host ? `${new URL(request?.url ?? "").protocol}//${host}` : "";
}

function oidcOf({ issuer, clientId, clientSecret }: NonNullable<AccessSettings["oidc"]>) {
  const discoveryUrl = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  return {
    providerId: "oidc",
    clientId,
    clientSecret,
    discoveryUrl,
    // Who somebody is, is what the provider has signed.
    requireIdTokenVerification: true,
    scopes: ["openid", "email", "profile"],
    pkce: true,
  };
}
