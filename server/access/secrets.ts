/** Secrets of a team by name. A graph names one; its text is sealed, and leaves this file for who uses it alone. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Db } from "../db";
import { env } from "../env";
import { Failure } from "../errors";
import { type HeldSecrets, hubOfTeam } from "../hub/held-secrets";
import { keyFor } from "./key";

export interface SecretCard {
  id: string;
  name: string;
  createdAt: Date;
  updatedAt: Date;
}

export function listSecrets(db: Db, teamId: string): Promise<SecretCard[]> {
  return db.secret.findMany({
    where: { teamId },
    orderBy: { name: "asc" },
    select: { id: true, name: true, createdAt: true, updatedAt: true },
  });
}

/** Keeps a secret, or another text under its name. */
export async function setSecret(db: Db, { teamId, name, text }: { teamId: string; name: string; text: string }) {
  const sealed = seal(text, placeOf(teamId, name));
  await db.secret.upsert({
    where: { teamId_name: { teamId, name } },
    create: { teamId, name, sealed },
    update: { sealed },
  });
}

export async function removeSecret(db: Db, id: string): Promise<boolean> {
  return (await db.secret.deleteMany({ where: { id } })).count > 0;
}

/** The text of a secret, for whoever uses it on behalf of the team. A failure names the secret, never its text. */
export async function secretNamed(db: Db, teamId: string, name: string): Promise<string> {
  const found = await db.secret.findUnique({ where: { teamId_name: { teamId, name } } });
  if (!found) throw new Failure({ message: `There is no secret “${name}”.`, hint: "Add it on the page of the team." });
  return unseal(found.sealed, placeOf(teamId, name), name);
}

/** The secrets of a team, for what computes on its behalf. */
export function heldSecrets(db: Db, teamId: string): HeldSecrets {
  return { hub: hubOfTeam(env().data, teamId), textOf: (name) => secretNamed(db, teamId, name) };
}

/** What a sealed text is bound to: moved to another row, it does not open. */
const placeOf = (teamId: string, name: string): string => `${teamId} ${name}`;

/** AES-256-GCM with a nonce of its own: nonce, tag and text, as base64. */
export function seal(text: string, place: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyFor("secrets"), nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
}

/** The text that was sealed for this place. A failure says the name, never the text. */
export function unseal(sealed: string, place: string, name: string): string {
  const bytes = Buffer.from(sealed, "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", keyFor("secrets"), bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(12, 28));
    return decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8");
  } catch {
    throw new Failure({
      message: `The secret “${name}” cannot be opened with this installation's key.`,
      hint: "Start Patchbay with the key that it was kept with (PATCHBAY_KEY), or enter the secret anew.",
    });
  }
}
