import { createTransport } from "nodemailer";
import { accessSettings } from "./settings";

/** Whether mail can be sent from here. */
export const canMail = (): boolean => accessSettings().mail !== undefined;

/** Sends a mail; without a mail server nothing is sent, and the operator helps (`patchbay user reset`). */
export async function sendMail(to: string, subject: string, text: string): Promise<void> {
  const { mail } = accessSettings();
  if (!mail) return;
  await createTransport(mail.server).sendMail({ from: mail.from, to, subject, text });
}
