"use client";

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { type Outputs, problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Complaint } from "../_ui/page";
import { SmallPage } from "../_ui/small-page";
import { askAuth } from "../account/auth-requests";
import { Field, valuesOf } from "../account/fields";
import { pathHere } from "../_ui/path-here";

type Welcome = Outputs["account"]["welcome"];

interface SignInProps {
  invitation?: string;
  resetToken?: string;
  /** Why somebody whom a provider or a mail brought is not signed in. */
  error?: string;
}

/** Signing in; and signing up, for the first one here and for those who were invited. */
export function SignIn({ invitation, resetToken, error }: SignInProps) {
  const { data: welcome } = useQuery(useTRPC().account.welcome.queryOptions({ invitation }));
  const [wantsAccount, setWantsAccount] = useState(false);
  if (!welcome) return null;
  if (resetToken) return <NewPassword token={resetToken} />;
  const signsUp = welcome.isFirst || welcome.invitation !== null || wantsAccount;
  if (signsUp) return <SignUp welcome={welcome} invitation={invitation} />;
  return (
    <SmallPage title="Sign in" note={invitation ? "This invitation was used, or is older than a week." : undefined}>
      {error && <Complaint>{refusals[error] ?? "That did not work. Try again, or ask who runs this."}</Complaint>}
      <Password />
      <Providers welcome={welcome} />
      {welcome.mails && <Forgotten />}
      {!welcome.mails && (
        <p className="mt-4 text-xs text-ink-3">A forgotten password is set anew by whoever runs this installation.</p>
      )}
      {welcome.anyone && (
        <Button look="quiet" className="mt-2 w-full" onClick={() => setWantsAccount(true)}>
          Make an account
        </Button>
      )}
    </SmallPage>
  );
}

/** What the routes for signing in call what went wrong. */
const refusals: Record<string, string> = {
  not_let_in: "This Patchbay lets in those who were invited, with an address that the provider has verified.",
  access_denied: "The provider did not let you in.",
  account_not_linked: "There is an account with this address already. Sign in with its password.",
  INVALID_TOKEN: "This link was used, or is older than an hour. Ask for a new one.",
};

/** A form that says what was wrong with it. */
function AuthForm({
  button,
  send,
  children,
}: {
  button: string;
  send(values: Record<string, string>): Promise<string | undefined>;
  children: ReactNode;
}) {
  const [problem, setProblem] = useState<string>();
  const [isSending, setSending] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = valuesOf(event.currentTarget);
    setSending(true);
    setProblem(await send(values));
    setSending(false);
  }
  return (
    <form className="mt-3 flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
      {problem && <Complaint>{problem}</Complaint>}
      {children}
      <Button type="submit" look="primary" disabled={isSending}>
        {button}
      </Button>
    </form>
  );
}

async function enter(email: string, password: string): Promise<string | undefined> {
  const problem = await askAuth("sign-in/email", { email, password });
  if (problem === undefined) location.assign(pathHere("/"));
  return problem;
}

function Password() {
  return (
    <AuthForm button="Sign in" send={({ email = "", password = "" }) => enter(email, password)}>
      <Field label="E-mail" name="email" type="email" autoComplete="username" required />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required />
    </AuthForm>
  );
}

function SignUp({ welcome, invitation }: { welcome: Welcome; invitation?: string }) {
  const client = useTRPCClient();
  async function signUp({ name = "", email = "", password = "" }: Record<string, string>) {
    try {
      await client.account.signUp.mutate({ name, email, password, invitation });
    } catch (error) {
      const { message, hint = "" } = problemOf(error);
      return `${message} ${hint}`;
    }
    return enter(email, password);
  }
  const invited = welcome.invitation;
  const note = welcome.isFirst
    ? "The first account runs this installation, and owns what is here already."
    : invited?.team && `You were invited into the team ${invited.team}.`;
  return (
    <SmallPage title="Make an account" note={note}>
      <AuthForm button="Make the account" send={signUp}>
        <Field label="Name" name="name" autoComplete="name" required maxLength={100} />
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          defaultValue={invited?.email}
          readOnly={Boolean(invited)}
        />
        <PasswordField />
      </AuthForm>
      <Providers welcome={welcome} />
    </SmallPage>
  );
}

function Providers({ welcome: { github, oidc } }: { welcome: Welcome }) {
  const back = { callbackURL: pathHere("/"), errorCallbackURL: pathHere("/sign-in") };
  return (
    <div className="mt-3 flex flex-col gap-2 empty:hidden">
      {github && (
        <Button onClick={() => void askAuth("sign-in/social", { provider: "github", ...back })}>
          Go on with GitHub
        </Button>
      )}
      {oidc && (
        <Button onClick={() => void askAuth("sign-in/social", { provider: "oidc", ...back })}>Go on with {oidc}</Button>
      )}
    </div>
  );
}

function Forgotten() {
  const [sent, setSent] = useState(false);
  async function send({ email = "" }: Record<string, string>) {
    const problem = await askAuth("request-password-reset", { email, redirectTo: pathHere("/sign-in") });
    setSent(problem === undefined);
    return problem;
  }
  if (sent) return <p className="mt-4 text-xs text-ink-2">If there is such an account, a link is on its way.</p>;
  return (
    <details className="mt-4 text-xs text-ink-2">
      <summary>Forgotten the password?</summary>
      <AuthForm button="Send a link" send={send}>
        <Field label="E-mail" name="email" type="email" required />
      </AuthForm>
    </details>
  );
}

function NewPassword({ token }: { token: string }) {
  async function send({ password = "" }: Record<string, string>) {
    const problem = await askAuth("reset-password", { newPassword: password, token });
    if (problem === undefined) location.assign(pathHere("/sign-in"));
    return problem;
  }
  return (
    <SmallPage title="A new password" note="All sessions end, and you sign in with it.">
      <AuthForm button="Set it" send={send}>
        <PasswordField />
      </AuthForm>
    </SmallPage>
  );
}

function PasswordField() {
  return (
    <Field
      label="Password (10 letters or more)"
      name="password"
      type="password"
      autoComplete="new-password"
      minLength={10}
      required
    />
  );
}
