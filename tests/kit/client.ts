/** Somebody who asks the product as a browser does, with cookies of their own and without a page. */

/** What the product answered. */
export interface Answer {
  status: number;
  text: string;
  headers: Headers;
}

export class Client {
  readonly cookies = new Map<string, string>();

  constructor(
    readonly url: string,
    /** What goes along with every request. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** Asks for a path, or for an address that it was sent to; what redirects is given as it is. */
  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = new Headers({ origin: this.url, ...this.headers, ...(cookie ? { cookie } : {}) });
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
    const answer = await fetch(new URL(path, this.url), { redirect: "manual", ...init, headers });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value && !/max-age=0/i.test(set)) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  }

  send(path: string, body: unknown, method = "POST"): Promise<Answer> {
    return this.ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  }

  /** Calls a procedure that changes something; throws what it refuses. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as a program without types does
  async call(procedure: string, input?: unknown): Promise<any> {
    return resultOf(await this.send(`/api/trpc/${procedure}`, { json: input }));
  }

  /** Asks a procedure that changes nothing. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async query(procedure: string, input?: unknown): Promise<any> {
    const search = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;
    return resultOf(await this.ask(`/api/trpc/${procedure}${search}`));
  }

  async signUp(name: string, password: string, invitation?: string): Promise<void> {
    const email = `${name}@example.org`;
    await this.call("account.signUp", { name, email, password, invitation });
    await this.signIn(email, password);
  }

  async signIn(email: string, password: string): Promise<void> {
    const { status, text } = await this.send("/api/auth/sign-in/email", { email, password });
    if (status !== 200) throw new Error(`${status} ${text}`);
  }
}

function resultOf({ text, status }: Answer): unknown {
  const { result, error } = JSON.parse(text) as { result?: { data: { json: unknown } }; error?: unknown };
  if (error) throw new Error(`${status} ${JSON.stringify(error)}`);
  return result?.data.json;
}
