/** Messages on a socket between the web process and the one that serves: JSON, and bytes behind it. */
import type { Socket } from "node:net";

/** Most of one message: what a request may hold, and its answer. */
const mostBytes = 256 * 2 ** 20;
const headBytes = 8;

export interface Frame {
  message: unknown;
  bytes: Buffer;
}

const nothing = Buffer.alloc(0);

/** Two lengths, the JSON, the bytes. */
export function sendFrame(socket: Socket, message: object, bytes: Uint8Array = nothing): void {
  const json = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(json.length, 0);
  head.writeUInt32LE(bytes.byteLength, 4);
  socket.cork();
  socket.write(head);
  socket.write(json);
  if (bytes.byteLength) socket.write(bytes);
  socket.uncork();
}

/** Calls back for each message that comes whole. A socket that sends something else is closed. */
export function readFrames(socket: Socket, heard: (frame: Frame) => void): void {
  let parts: Buffer[] = [];
  let length = 0;
  let wanted = headBytes;
  socket.on("data", (part: Buffer) => {
    parts.push(part);
    length += part.length;
    if (length < wanted) return;
    let all = parts.length === 1 ? part : Buffer.concat(parts);
    while (all.length >= headBytes) {
      const [json, bytes] = [all.readUInt32LE(0), all.readUInt32LE(4)];
      wanted = headBytes + json + bytes;
      if (wanted > mostBytes) return void socket.destroy();
      if (all.length < wanted) break;
      const start = headBytes + json;
      heard({ message: JSON.parse(all.toString("utf8", headBytes, start)), bytes: all.subarray(start, wanted) });
      all = all.subarray(wanted);
      wanted = headBytes;
    }
    parts = all.length ? [all] : [];
    length = all.length;
  });
}
