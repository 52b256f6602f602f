"use client";

import type { Outputs } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { Button } from "../_ui/button";
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
          actions={
            <Button size="s" look="danger" onClick={() => onRevoke(id)}>
              End
            </Button>
          }
        >
          <b>{name}</b> …{ending}
          {showsOwner && user && <span className="ml-2 text-xs text-ink-2">{user.name}</span>}
          <TokenFacts {...facts} />
        </Line>
      ))}
    </ul>
  );
}

function TokenFacts({ scope, team, graph, expiresAt, lastUsedAt }: Omit<Token, "id" | "name" | "ending" | "user">) {
  return (
    <span className="ml-2 text-xs text-ink-3">
      {scopeTexts[scope]}
      {team && ` of team ${team.name}`}
      {graph && ` of ${graph.name}`}
      {expiresAt && ` · until ${expiresAt.toLocaleDateString()}`} ·{" "}
      {lastUsedAt ? (
        <>
          used <Ago date={lastUsedAt} />
        </>
      ) : (
        "never used"
      )}
    </span>
  );
}
