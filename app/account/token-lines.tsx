"use client";

import type { Outputs } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { Button } from "../_ui/button";
import { dayText } from "../_ui/times";
import { Line } from "./fields";

type Token = Outputs["account"]["tokens"][number];

const scopeTexts: Record<string, string> = {
  read: "reads",
  run: "reads and runs",
  write: "reads, runs and changes",
};

interface TokenLinesProps {
  tokens: readonly Token[];
  /** Says whose each is. */
  showsOwner?: boolean;
  onRevoke(id: string): void;
}

/** Tokens in a list: how far each goes, until when, and when it was used last. */
export function TokenLines({ tokens, showsOwner, onRevoke }: TokenLinesProps) {
  return (
    <ul>
      {tokens.map(({ id, name, ending, user, ...facts }) => (
        <Line
          key={id}
          facts={<TokenFacts {...facts} owner={showsOwner ? user?.name : undefined} />}
          actions={
            <Button size="s" look="danger" onClick={() => onRevoke(id)}>
              End
            </Button>
          }
        >
          {name} <code className="ml-1 text-xs font-normal text-ink-3">…{ending}</code>
        </Line>
      ))}
    </ul>
  );
}

type Facts = Omit<Token, "id" | "name" | "ending" | "user"> & { owner?: string };

function TokenFacts({ scope, team, graph, expiresAt, lastUsedAt, owner }: Facts) {
  return (
    <>
      {owner && `${owner} · `}
      {scopeTexts[scope]}
      {team && ` of team ${team.name}`}
      {graph && ` of ${graph.name}`}
      {expiresAt && ` · until ${dayText(expiresAt)}`} ·{" "}
      {lastUsedAt ? (
        <>
          used <Ago date={lastUsedAt} />
        </>
      ) : (
        "never used"
      )}
    </>
  );
}
