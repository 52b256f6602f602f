import { redirect } from "next/navigation";
import { env } from "#server/env";
import { SignIn } from "./sign-in";

export const dynamic = "force-dynamic";
export const metadata = { title: "Sign in" };

interface PageProps {
  /** `invitation`: from an invitation's path; `token`: from a mail about a new password; `error`: from a provider. */
  searchParams: Promise<Partial<Record<"invitation" | "token" | "error", string | string[]>>>;
}

export default async function Page({ searchParams }: PageProps) {
  if (!env().accounts) redirect("/");
  const { invitation, token, error } = await searchParams;
  return <SignIn invitation={first(invitation)} resetToken={first(token)} error={first(error)} />;
}

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
