import { Command } from "commander";
import { db } from "../db";
import { findRunningDatabase } from "./database";
import { say } from "./output";

/** The operator's way to accounts, on the machine itself: without mail, and when nobody can sign in any more. */
export function userCommand(): Command {
  const command = new Command("user").description(
    "Adds and removes accounts, and sets their passwords (DATABASE_URL).",
  );
  command
    .command("add")
    .description("makes an account; the first one is the administrator's")
    .argument("<email>")
    .option("--name <name>", "what they are called")
    .option("--password <password>", "by default one is made, and shown")
    .action(async (email: string, options: { name?: string; password?: string }) => {
      findRunningDatabase();
      const { addAccount, newPassword } = await import("../access/accounts");
      const password = options.password ?? newPassword();
      await addAccount({ email, name: options.name ?? email.replace(/@.*/, ""), password });
      await note("account.add", email);
      say(`${email} can sign in with the password ${password}`);
    });
  command
    .command("reset")
    .description("sets another password, and ends all sessions of theirs")
    .argument("<email>")
    .option("--password <password>", "by default one is made, and shown")
    .action(async (email: string, options: { password?: string }) => {
      findRunningDatabase();
      const { setPassword, newPassword } = await import("../access/accounts");
      const password = options.password ?? newPassword();
      await setPassword(db(), email, password);
      await note("account.reset", email);
      say(`${email} can sign in with the password ${password}`);
    });
  command
    .command("remove")
    .description("removes an account; what it made stays with its teams")
    .argument("<email>")
    .action(async (email: string) => {
      findRunningDatabase();
      const { removeAccount } = await import("../access/accounts");
      await removeAccount(db(), email);
      await note("account.remove", email);
      say(`${email} was removed`);
    });
  return command;
}

async function note(action: string, email: string): Promise<void> {
  const { auditAccount } = await import("../access/audit");
  await auditAccount(db(), { name: "the operator, from the command line" }, action, { email });
}
