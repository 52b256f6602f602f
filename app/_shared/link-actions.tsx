import { Download, GitFork } from "lucide-react";
import { Button } from "../_ui/button";
import { pathHere } from "../_ui/path-here";

const link =
  "inline-flex h-8 items-center gap-1.5 rounded-md border border-line-strong px-3 font-medium hover:bg-sunken";

/** What a visitor can do with a graph: make it their own where they may, or take it along. Needs no script. */
export function LinkActions({ token, canFork }: { token: string; canFork: boolean }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      {canFork && (
        <form method="post" action={pathHere(`/s/${token}/fork`)}>
          <Button type="submit" look="primary">
            <GitFork className="size-4" aria-hidden />
            Fork
          </Button>
        </form>
      )}
      <Taken href={`/s/${token}/bundle`}>Bundle</Taken>
      <Taken href={`/s/${token}/graph`}>Graph</Taken>
    </div>
  );
}

function Taken({ href, children }: { href: string; children: string }) {
  return (
    <a href={pathHere(href)} download className={link}>
      <Download className="size-4" aria-hidden />
      {children}
    </a>
  );
}
