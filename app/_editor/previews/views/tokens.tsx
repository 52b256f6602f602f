"use client";

import { useState } from "react";
import type { ShownToken, TokenRow } from "#nodes/core/views/tokens";
import type { ViewOf } from "#nodes/core/view";
import { countOf } from "../../../_ui/amounts";
import { cx } from "../../../_ui/cx";
import type { PreviewProps } from "../preview-props";

export function TokensView({ preview: { rows, count, length }, large }: PreviewProps<ViewOf<"tokens">>) {
  const shown = large ? rows : rows.slice(0, 2);
  return (
    <div>
      <div className={large ? "flex flex-col gap-4" : "flex flex-col gap-2"}>
        {shown.map((row, i) => (
          <Row key={i} row={row} large={large} />
        ))}
      </div>
      <p className="mt-1 text-2xs text-ink-3">
        {countOf(count, "text")} of {length} tokens
      </p>
    </div>
  );
}

/** Tokens of a text one behind the other; pointing at one marks the letters that it covers. */
function Row({ row: { text, tokens, hidden }, large }: { row: TokenRow; large?: boolean }) {
  const [pointed, setPointed] = useState<number>();
  const isPlaced = text !== undefined && tokens.some(({ span }) => span);
  const most = large ? tokens.length : 24;
  return (
    <div onPointerLeave={() => setPointed(undefined)}>
      {large && text !== undefined && (
        <p className="mb-1.5 text-sm wrap-anywhere whitespace-pre-wrap text-ink" data-covered>
          {isPlaced ? <Covered text={text} tokens={tokens} pointed={pointed} onPoint={setPointed} /> : text}
        </p>
      )}
      <ol className="flex flex-wrap gap-0.5 font-mono text-2xs">
        {tokens.slice(0, most).map((token, i) => (
          <Token key={i} token={token} large={large} isPointed={pointed === i} onPoint={() => setPointed(i)} />
        ))}
        {tokens.length - most + hidden > 0 && (
          <li className="px-1 py-0.5 text-ink-3">
            + {(Math.max(0, tokens.length - most) + hidden).toLocaleString("en")}
          </li>
        )}
      </ol>
    </div>
  );
}

interface TokenProps {
  token: ShownToken;
  large?: boolean;
  isPointed: boolean;
  onPoint(): void;
}

function Token({ token: { id, text, spelling, isOff }, large, isPointed, onPoint }: TokenProps) {
  return (
    <li
      title={[`id ${id}`, spelling && `“${spelling}”`, isOff && "masked"].filter(Boolean).join(", ")}
      onPointerEnter={onPoint}
      className={cx(
        "flex flex-col rounded px-1 py-0.5",
        isPointed ? "bg-accent-soft text-ink" : "bg-sunken",
        isOff ? "text-ink-3 line-through decoration-1" : "text-ink",
      )}
      data-token={id}
    >
      <span className="whitespace-pre">{visible(text || spelling || "")}</span>
      {large && <span className="text-2xs text-ink-3">{id}</span>}
    </li>
  );
}

/** Blanks and ends of lines as signs. */
const visible = (text: string): string => text.replaceAll(" ", "·").replaceAll("\n", "⏎").replaceAll("\t", "⇥") || "∅";

interface CoveredProps {
  text: string;
  tokens: readonly ShownToken[];
  pointed: number | undefined;
  onPoint(token: number): void;
}

/** The text with the letters of every token on a ground of its own. */
function Covered({ text, tokens, pointed, onPoint }: CoveredProps) {
  return partsOf(text, tokens).map(({ letters, token }, i) =>
    token === undefined ? (
      <span key={i}>{letters}</span>
    ) : (
      <mark
        key={i}
        onPointerEnter={() => onPoint(token)}
        className={cx("rounded-sm text-ink", groundOf(token, pointed === token))}
      >
        {letters}
      </mark>
    ),
  );
}

/** Neighbours are told apart by turns. */
function groundOf(token: number, isPointed: boolean): string {
  if (isPointed) return "bg-accent-soft";
  return token % 2 ? "bg-line" : "bg-sunken";
}

/** Letters with the token that covers them; what two tokens share belongs to the first. Spans count code points. */
export function partsOf(text: string, tokens: readonly ShownToken[]): { letters: string; token?: number }[] {
  const points = [...text];
  const parts: { letters: string; token?: number }[] = [];
  let reached = 0;
  for (const [token, { span }] of tokens.entries()) {
    if (!span) continue;
    const [start, end] = [Math.max(reached, span[0]), Math.min(points.length, span[1])];
    if (end <= start) continue;
    if (start > reached) parts.push({ letters: points.slice(reached, start).join("") });
    parts.push({ letters: points.slice(start, end).join(""), token });
    reached = end;
  }
  if (reached < points.length) parts.push({ letters: points.slice(reached).join("") });
  return parts;
}
