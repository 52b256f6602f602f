/** How a graph is called from a shell, from Python and from TypeScript: with what it really takes and gives. */

export interface Called {
  origin: string;
  graph: string;
  parameters: Readonly<Record<string, { value?: unknown; file?: "one" | "several" }>>;
  outputs: Readonly<Record<string, { byDefault: boolean }>>;
}

export const languages = ["curl", "Python", "TypeScript"] as const;
export type Language = (typeof languages)[number];

/** Seconds that the examples wait for the end. */
const wait = 60;

export function snippetOf(called: Called, language: Language): string {
  return writers[language](exampleOf(called));
}

interface Example {
  url: string;
  /** A parameter that takes a file, if there is one. */
  file?: string;
  parameters: Record<string, unknown>;
  output: string;
}

/** The first parameter that takes files; where there is none, the first short value. */
function exampleOf({ origin, graph, parameters, outputs }: Called): Example {
  const all = Object.entries(parameters);
  const file = all.find(([, { file: kind }]) => kind)?.[0];
  const [name, plain] = all.find(([, { value }]) => ["string", "number"].includes(typeof value)) ?? [];
  const given = file || name === undefined ? {} : { [name]: plain?.value };
  const output = Object.entries(outputs).find(([, { byDefault }]) => byDefault)?.[0] ?? "node.port";
  return { url: `${origin}/api/v1/graphs/${graph}/runs?wait=${wait}`, file, parameters: given, output };
}

const writers: Record<Language, (example: Example) => string> = {
  curl: ({ url, file, parameters }) =>
    file
      ? `curl '${url}' \\\n  -H "Authorization: Bearer $PATCHBAY_TOKEN" \\\n  -F '${file}=@picture.png'`
      : `curl '${url}' \\\n  -H "Authorization: Bearer $PATCHBAY_TOKEN" \\\n  --json '${shellText({ parameters })}'`,
  Python: ({ url, file, parameters, output }) => {
    const sent = file
      ? `files={${quoted(file)}: open("picture.png", "rb")}`
      : `json={"parameters": json.loads(${quoted(JSON.stringify(parameters))})}`;
    return [
      file ? "import os, requests" : "import json, os, requests",
      "",
      `url = ${quoted(url)}`,
      `answer = requests.post(url, ${sent},`,
      `    headers={"Authorization": f"Bearer {os.environ.get('PATCHBAY_TOKEN', '')}"})`,
      "answer.raise_for_status()",
      `print(answer.json()["outputs"][${quoted(output)}])`,
    ].join("\n");
  },
  TypeScript: ({ url, file, parameters, output }) => {
    const body = file
      ? [
          'import { readFileSync } from "node:fs";',
          "",
          "const body = new FormData();",
          `body.append(${quoted(file)}, new Blob([readFileSync("picture.png")]), "picture.png");`,
        ]
      : [`const body = JSON.stringify({ parameters: ${JSON.stringify(parameters)} });`];
    const kind = file ? "" : ', "Content-Type": "application/json"';
    return [
      ...body,
      `const url = ${quoted(url)};`,
      "const answer = await fetch(url, {",
      `  method: "POST", body,`,
      `  headers: { Authorization: \`Bearer \${process.env.PATCHBAY_TOKEN ?? ""}\`${kind} },`,
      "});",
      "if (!answer.ok) throw new Error(await answer.text());",
      `const { outputs } = await answer.json();`,
      `console.log(outputs[${quoted(output)}]);`,
    ].join("\n");
  },
};

const quoted = (text: string): string => JSON.stringify(text);
const shellText = (value: object): string => JSON.stringify(value).replaceAll("'", "'\\''");
