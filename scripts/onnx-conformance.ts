/**
 * Runs ONNX's conformance suite, by ONNX Runtime alone and in Patchbay, and writes docs/onnx.md. Without a folder it
 * takes Debian's package libonnx-testdata, by apt-get. Ends with 1 where ONNX Runtime passes a model and Patchbay does
 * not.
 *
 *     npm run onnx:conformance -- [FOLDER]
 */
import { writeFile } from "node:fs/promises";
import { type Attempt, attempt } from "./conformance/attempt";
import { casesOf, fetchSuite } from "./conformance/cases";
import { isWorse, report } from "./conformance/report";
import { root } from "./installation.mjs";

const [folder = fetchSuite()] = process.argv.slice(2);
const attempts: Attempt[] = [];
for (const model of casesOf(folder)) {
  const tried = await attempt(model);
  attempts.push(tried);
  if (isWorse(tried)) console.log(`${tried.name}: ${tried.patchbay.passed ? "" : tried.patchbay.why}`);
}
await writeFile(`${root}/docs/onnx.md`, report(attempts));
console.log(`${attempts.length} models; wrote docs/onnx.md.`);
process.exit(attempts.some(isWorse) ? 1 : 0);
