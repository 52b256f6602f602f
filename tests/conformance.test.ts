import { afterAll, expect, it } from "vitest";
import { testChatTemplates } from "./conformance/chat-templates";
import { countsLine } from "./conformance/counts";
import { foldersOf } from "./conformance/files";
import { testModels } from "./conformance/models";
import { testPictures } from "./conformance/pictures";
import { writeReport } from "./conformance/report";
import { testSampling } from "./conformance/sampling";
import { testTokenizers } from "./conformance/tokenizers";

testModels();
testTokenizers();
testChatTemplates();
testPictures();
testSampling();

it("the set has all of its parts", () => {
  const parts = ["tokenizers", "chat-templates", "image-processors", "sampling"];
  if (!process.env.PATCHBAY_CONFORMANCE) expect(parts.filter((part) => !foldersOf(part).length)).toEqual([]);
});

afterAll(() => {
  console.log(`conformance: ${countsLine()}`);
  const path = process.env.PATCHBAY_ARCHITECTURES;
  if (path) writeReport(path);
});
