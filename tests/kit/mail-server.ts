/** A mail server that takes everything: enough of SMTP for whoever sends mail, with or without a password. */
import { createServer, type Socket } from "node:net";

export interface MailServer {
  port: number;
  /** What came, with its head, in order. */
  mails: string[];
  /** The text of the newest mail to somebody. */
  textTo(address: string): string | undefined;
  close(): void;
}

export async function openMailServer(): Promise<MailServer> {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)).on("error", () => {}));
    speak(socket, (mail) => mails.push(mail));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as { port: number }).port,
    mails,
    textTo: (address) => decoded(mails.findLast((mail) => new RegExp(`^To: .*${address}`, "im").test(mail))),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function speak(socket: Socket, take: (mail: string) => void): void {
  let rest = "";
  let mail: string[] | undefined;
  const say = (line: string) => socket.write(`${line}\r\n`);
  say("220 test");
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  });
  function hear(line: string): void {
    if (mail && line === ".") {
      take(mail.join("\n"));
      mail = undefined;
      say("250 taken");
    } else if (mail) mail.push(line.replace(/^\.\./, "."));
    else answer(line.toUpperCase());
  }
  function answer(line: string): void {
    if (line.startsWith("EHLO")) {
      say("250-test");
      say("250 AUTH PLAIN");
    } else if (line.startsWith("AUTH PLAIN")) say("235 known");
    else if (line === "DATA") {
      mail = [];
      say("354 go on");
    } else if (line === "QUIT") socket.end("221 bye\r\n");
    else say("250 fine");
  }
}

/** The text, without what quoted-printable does to long lines. */
function decoded(mail: string | undefined): string | undefined {
  const plain = mail?.replace(/=\n/g, "");
  return plain?.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
