/** Which kind of fault a sentence tells of, and whether it names the file, the row and what is missing. */

export interface Complaint {
  kind: string;
  fatal: boolean;
  file?: string;
  /** From 0. */
  row?: number;
  rows?: number[];
  /** From 1, blank lines and a header counted. */
  line?: number;
  entry?: number;
  path?: string;
  key?: string;
  column?: string;
  columns?: string[];
  member?: string;
}

/** Our words for what a folder of fixtures calls by a kind. */
const words: Record<string, RegExp> = {
  "cut-short": /cut off|is empty|ends after|breaks off|ends inside/,
  "other-format": /no Parquet file|no Arrow file|pointer of Git LFS/,
  "bad-page": /a page at byte \d+|cannot be read/,
  "bad-header": /header.* (is )?(damaged|wrong|checksum)|checksum/,
  "missing-column": /has no column/,
  "missing-member": /is missing/,
  "bad-row": /cannot be used/,
  "turn-order": /'s is due/,
  "placeholder-mismatch": /for pictures \(<image>\)/,
  "missing-picture": /its picture is missing/,
  "bad-picture": /damaged|cannot be (read|decoded)/,
  "path-outside-folder": /leaves the folder/,
  "bad-strategy": /is no strategy|by its words/,
  "missing-file": /is not in the folder/,
};

/** "told", or what is not. So many lines stand before the first row. */
export function faultOf(said: string, complaint: Complaint, headerLines: number): string {
  const kind = words[complaint.kind];
  if (!kind) return `“${complaint.kind}” has no words here`;
  const named = [
    ...(complaint.file === undefined ? [] : [complaint.file]),
    ...[complaint.row ?? [], complaint.rows ?? []].flat().map((row) => `row ${row + 1} of`),
    ...(complaint.line === undefined ? [] : [`row ${complaint.line - headerLines} of`]),
    ...(complaint.entry === undefined ? [] : [`entry ${complaint.entry + 1}:`]),
    ...(complaint.path === undefined ? [] : [`“${complaint.path}”`]),
    ...(complaint.columns ?? []).map((name) => `“${name}”`),
  ];
  const missing = named.find((name) => !said.includes(name));
  if (missing !== undefined) return `${missing} is not named`;
  // Where a row is named, the kind is told of that very row.
  const row = complaint.row ?? complaint.rows?.[0];
  const about = row === undefined ? said : (said.split(`row ${row + 1} of`)[1]?.split("; row")[0] ?? "");
  return kind.test(complaint.kind === "bad-row" || complaint.kind === "bad-picture" ? said : about)
    ? "told"
    : `no ${complaint.kind}`;
}
