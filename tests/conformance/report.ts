/** The table of docs/architectures.md: what was compared, and by how much it differs. */
import { writeFileSync } from "node:fs";

interface Compared {
  name: string;
  className: string;
  caseName: string;
  path: string;
  largest: number;
}

const compared: Compared[] = [];

export const note = (one: Compared): void => void compared.push(one);

export function writeReport(path: string): void {
  writeFileSync(path, reportText());
}

function reportText(): string {
  const classes = [...new Set(compared.map(({ className }) => className))].sort();
  const rows = classes.map((className) => {
    const own = compared.filter((one) => one.className === className);
    const folders = [...new Set(own.map(({ name }) => name))];
    const cases = [...new Set(own.map(({ caseName }) => caseName))];
    const paths = [...new Set(own.map(({ path }) => path.replace(/hidden_states\.\d+$/, "hidden_states")))];
    const largest = Math.max(...own.map((one) => one.largest));
    return `| ${className} | ${folders.join(", ")} | ${cases.join(", ")} | ${paths.join(", ")} | ${tidy(largest)} |`;
  });
  return `${head}${rows.join("\n")}\n`;
}

const tidy = (n: number): string => (n === 0 ? "0" : n.toExponential(1));

const head = `# Architectures

Models of the hub that are loaded by their \`config.json\`, and how far what they give is from what transformers gives:
the largest difference of two numbers, over all folders, cases and outputs of the set in
\`tests/fixtures/conformance\`. Written by \`npm run architectures\`.

What the table does not show: with rotary positions that grow with the text (\`rope_type: dynamic\`), the longest row of
a call decides how far they are stretched. A model of transformers remembers the longest text of its earlier calls, and
so answers the same call otherwise after another one; a fresh one answers as is done here.

| class | folders | cases | compared | largest difference |
| --- | --- | --- | --- | --- |
`;
