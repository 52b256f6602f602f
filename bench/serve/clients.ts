/**
 * Clients of `bench:serve` in a process of their own, as lean as they can be: real ones run elsewhere. Each writes
 * requests that are made already on a socket of its own, and reads the answers no further than it must.
 */
import { connect, type Socket } from "node:net";
import { pictures } from "./embeddings";

export interface Load {
  port: number;
  path: string;
  clients: number;
  seconds: number;
}
export interface Loaded {
  /** Milliseconds of each call. */
  took: number[];
  /** Answers that were not what they should be, and how often each came. */
  wrong: Record<string, number>;
  seconds: number;
  /** Seconds that these clients computed themselves. */
  cpu: number;
}

const load: Load = JSON.parse(process.argv[2] ?? "");
const requests = (await pictures()).map(requestOf);
const took: number[] = [];
const wrong: Record<string, number> = {};
await call(await opened(), requests[0] as Buffer); // models are loaded with the first call
took.length = 0;
const cpu = process.cpuUsage();
const began = performance.now();
const end = began + load.seconds * 1000;
await Promise.all(Array.from({ length: load.clients }, (_, client) => callOver(client)));
const { user, system } = process.cpuUsage(cpu);
const loaded: Loaded = { took, wrong, seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
// More than a pipe takes at once: the sockets, which are open, are left when all is written.
process.stdout.write(JSON.stringify(loaded), () => process.exit(0));

function requestOf(picture: Buffer): Buffer {
  const boundary = "----patchbay-bench";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="load.images"; filename="p.png"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), picture, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const lines = [
    `POST ${load.path} HTTP/1.1`,
    `Host: 127.0.0.1:${load.port}`,
    `Content-Type: multipart/form-data; boundary=${boundary}`,
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}

async function opened(): Promise<Socket> {
  const socket = connect({ port: load.port, host: "127.0.0.1", noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return socket;
}

async function callOver(client: number): Promise<void> {
  const socket = await opened();
  for (let i = client; performance.now() < end; i++) await call(socket, requests[i % requests.length] as Buffer);
  socket.destroy();
}

async function call(socket: Socket, request: Buffer): Promise<void> {
  const start = performance.now();
  socket.write(request);
  const answer = await answerOn(socket);
  took.push(performance.now() - start);
  if (answer.startsWith("HTTP/1.1 200") && answer.includes('"status":"done"')) return;
  const [what] = answer.split("\r\n");
  wrong[String(what)] = (wrong[String(what)] ?? 0) + 1;
}

/** One answer, to the end that its length or its last chunk says. */
function answerOn(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const hear = (part: Buffer) => {
      text += part.toString("latin1");
      if (!isWhole(text)) return;
      socket.off("data", hear).off("close", fail);
      resolve(text);
    };
    const fail = () => reject(new Error(`The connection was closed: ${text.slice(0, 300)}`));
    socket.on("data", hear).once("close", fail);
  });
}

function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, head))?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= head + 4 + Number(length);
}
