/** The kind of a picture that may be shown, by its first bytes; nothing for everything else. */
export function pictureKind(bytes: Uint8Array): "image/png" | "image/jpeg" | "image/webp" | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(12, bytes.byteLength));
  if (head.toString("hex").startsWith("89504e470d0a1a0a")) return "image/png";
  if (head.toString("hex").startsWith("ffd8ff")) return "image/jpeg";
  const text = head.toString("latin1");
  return text.startsWith("RIFF") && text.slice(8, 12) === "WEBP" ? "image/webp" : undefined;
}
