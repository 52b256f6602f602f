/** Where texts of strangers are shown, and what must not come of them there. */
import type { Known } from "./case";

interface Shown {
  path: string;
  isWrong(text: string, headers: Headers): boolean;
}

/** A script of a stranger that a browser would run. */
const runs = (text: string, headers: Headers): boolean =>
  headers.get("content-type")?.includes("html") === true && /<script>alert\(1\)|<img src=x onerror/.test(text);

/** JSON and files never pass for pages. */
const isPage = (_text: string, headers: Headers): boolean =>
  headers.get("content-type")?.includes("html") !== false || headers.get("x-content-type-options") !== "nosniff";

const hasFormula = (text: string): boolean => /(^|,)"?[=+\-@]/m.test(text);

export function shownTexts({ graph, run }: Known): Shown[] {
  const pages = ["/", `/graphs/${graph}`, `/graphs/${graph}/versions`, `/runs/${run}`, `/runs/${run}/changes`, "/runs"];
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
