/** What the routes that send files have in common. */
import { cleanText, cutFileName } from "#models/files/text";

/** Has a browser keep what is sent under a name. */
export const attachment = (name: string): Record<string, string> => ({
  "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(cutFileName(cleanText(name), 200))}`,
});

export const noSuchFile = (): Response =>
  Response.json({ message: "This file does not exist, or was cleaned up." }, { status: 404 });
