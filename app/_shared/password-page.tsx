import { Button } from "../_ui/button";
import { pathHere } from "../_ui/path-here";

interface PasswordPageProps {
  token: string;
  /** What came of the last try. */
  wrong?: string;
  wait?: string;
}

/** Asks for a link's password, without saying of what. Needs no script. */
export function PasswordPage({ token, wrong, wait }: PasswordPageProps) {
  const seconds = Number.parseInt(wait ?? "", 10);
  return (
    <main className="flex min-h-full flex-col items-center justify-center p-6">
      <form method="post" action={pathHere(`/s/${token}/unlock`)} className="flex w-full max-w-xs flex-col gap-3">
        <h1 className="text-lg font-semibold">This link asks for a password</h1>
        <input
          type="password"
          name="password"
          required
          maxLength={200}
          aria-label="Password"
          autoComplete="off"
          className="field h-10"
        />
        {wrong !== undefined && <p className="text-bad">This is not the password.</p>}
        {seconds > 0 && <p className="text-bad">It was tried too often. Try again in {seconds} seconds.</p>}
        <Button type="submit" look="primary" className="h-10">
          Open
        </Button>
      </form>
    </main>
  );
}
