import { Button } from "../_ui/button";
import { pathHere } from "../_ui/path-here";
import { SmallPage } from "../_ui/small-page";

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
    <SmallPage title="This link asks for a password" note="Whoever sent it knows it.">
      <form method="post" action={pathHere(`/s/${token}/unlock`)} className="mt-4 flex flex-col gap-3">
        <input
          type="password"
          name="password"
          required
          maxLength={200}
          aria-label="Password"
          placeholder="Password"
          autoComplete="off"
          className="field"
        />
        {wrong !== undefined && <p className="text-bad">This is not the password.</p>}
        {seconds > 0 && <p className="text-bad">It was tried too often. Try again in {seconds} seconds.</p>}
        <Button type="submit" look="primary">
          Open
        </Button>
      </form>
    </SmallPage>
  );
}
