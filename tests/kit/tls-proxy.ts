/** A proxy that speaks TLS to browsers and HTTP to what is behind it, as operators put one before the product. */
import { createSign, generateKeyPairSync } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";

export interface TlsProxy {
  port: number;
  close(): void;
}

/** Passes on everything, with where it came from; a request may say that it comes from elsewhere itself. */
export async function openTlsProxy(behind: () => string): Promise<TlsProxy> {
  const server = https.createServer(ownCertificate(), (request, response) => {
    const { hostname, port } = new URL(behind());
    const told = request.headers["x-forwarded-for"];
    const headers = {
      ...request.headers,
      "x-forwarded-proto": "https",
      "x-forwarded-for": [told, request.headers["x-test-address"] ?? "192.0.2.1"].filter(Boolean).join(", "),
    };
    const { method, url: path } = request;
    const passed = http.request({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

export interface Told {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

interface Question {
  method?: string;
  headers?: http.OutgoingHttpHeaders;
  body?: string;
}

/** Asks over TLS, under a name that leads to this machine for this request alone. */
export function askTls(port: number, address: string, question: Question = {}): Promise<Told> {
  const { host, pathname, search } = new URL(address);
  const { method = "GET", headers = {}, body } = question;
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path: pathname + search, rejectUnauthorized: false };
    const request = https.request({ ...options, headers: { host, ...headers } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(parts).toString() }),
      );
    });
    request.on("error", reject).end(body);
  });
}

/** A certificate that nobody but its maker vouches for. */
function ownCertificate(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  // sha256WithRSAEncryption and commonName, as X.509 names them.
  const algorithm = der(0x30, Buffer.from("06092a864886f70d01010b0500", "hex"));
  const name = der(0x30, der(0x31, der(0x30, Buffer.from("0603550403", "hex"), der(0x0c, Buffer.from("test")))));
  const times = der(0x30, der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("490101000000Z")));
  const key = publicKey.export({ type: "spki", format: "der" });
  const content = der(0x30, der(0x02, Buffer.of(1)), algorithm, name, times, name, key);
  const signature = createSign("RSA-SHA256").update(content).sign(privateKey);
  const certificate = der(0x30, content, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = certificate.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

/** A value of ASN.1: what it is, how long, and its bytes. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content]);
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...long), content]);
}
