/**
 * Markdown as a person wrote it: headings, lists, links, code. HTML stands there as it was typed, and a picture is a
 * link to it, so that a note asks nothing of any other machine.
 */
import Renderer from "markdown-to-jsx/react";
import type { ComponentProps } from "react";

const options = {
  disableParsingRawHTML: true,
  forceBlock: true,
  overrides: { a: Link, img: PictureLink },
};

export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      <Renderer options={options}>{text}</Renderer>
    </div>
  );
}

function Link({ href, children }: ComponentProps<"a">) {
  if (!href) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener" className="nodrag">
      {children}
    </a>
  );
}

function PictureLink({ src, alt }: { src?: string; alt?: string }) {
  return <Link href={src}>{alt || src}</Link>;
}
