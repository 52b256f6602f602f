/** A provider of OpenID Connect: discovery, authorize, token, userinfo and keys, for whoever is signed in with it. */
import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Identity {
  sub: string;
  email: string;
  email_verified: boolean;
  name: string;
}

export interface IdentityProvider {
  issuer: string;
  /** Who is signed in there. */
  signedIn: Identity;
  /** How it was asked, by its paths. */
  asked: string[];
  close(): void;
}

export const client = { id: "patchbay", secret: "provider-secret" };
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export async function openIdentityProvider(signedIn: Identity): Promise<IdentityProvider> {
  /** Codes that were given out, with what was asked along with them. */
  const codes = new Map<string, URLSearchParams>();
  const asked: string[] = [];
  const provider: IdentityProvider = { issuer: "", signedIn, asked, close: () => server.close() };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", provider.issuer);
    asked.push(url.pathname);
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (url.pathname === "/.well-known/openid-configuration") return json(200, configurationOf(provider.issuer));
    if (url.pathname === "/keys") return json(200, { keys: [{ ...publicKey.export({ format: "jwk" }), ...about }] });
    if (url.pathname === "/authorize") {
      const code = createHash("sha256").update(String(codes.size)).digest("hex");
      codes.set(code, url.searchParams);
      const back = new URL(url.searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", code);
      back.searchParams.set("state", url.searchParams.get("state") ?? "");
      return response.writeHead(302, { location: back.href }).end();
    }
    if (url.pathname === "/token") return answerToken(new URLSearchParams(await bodyOf(request)), request, json);
    if (url.pathname === "/userinfo") {
      const isKnown = request.headers.authorization === "Bearer access";
      return isKnown ? json(200, provider.signedIn) : json(401, { error: "invalid_token" });
    }
    return json(404, {});
  });
  function answerToken(
    form: URLSearchParams,
    request: IncomingMessage,
    json: (status: number, value: unknown) => unknown,
  ): unknown {
    const given = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isFit = given?.get("code_challenge") === challenge && secretIn(request, form) === client.secret;
    if (!isFit) return json(400, { error: "invalid_grant" });
    const idToken = signed({ ...provider.signedIn, iss: provider.issuer, aud: client.id, nonce: given.get("nonce") });
    return json(200, { access_token: "access", token_type: "Bearer", expires_in: 600, id_token: idToken });
  }
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return provider;
}

const about = { kid: "test", alg: "RS256", use: "sig" };

const configurationOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  userinfo_endpoint: `${issuer}/userinfo`,
  jwks_uri: `${issuer}/keys`,
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
});

function signed(claims: object): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ ...about, typ: "JWT" })}.${part({ iat: now, exp: now + 600, ...claims })}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
}

function secretIn({ headers: { authorization = "" } }: IncomingMessage, form: URLSearchParams): string | undefined {
  if (!authorization.startsWith("Basic ")) return form.get("client_secret") ?? undefined;
  return Buffer.from(authorization.slice(6), "base64").toString().split(":")[1];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
