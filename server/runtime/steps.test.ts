import { expect, it } from "vitest";
import { resolve } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import type { GraphDocument } from "#nodes/graph/document";
import { readTemplate } from "../templates";
import { readOutsideOf, type StepContext } from "./steps";

it("counts what decoders read that write on, so that a stream keeps it", async () => {
  const graph = resolve((await readTemplate("ask-about-my-picture")) as GraphDocument, registry);
  const context = { graph, planned: ["llava/projector", "answers"] } as unknown as StepContext;
  expect([...readOutsideOf(["llava/projector"], context)]).toEqual(
    expect.arrayContaining(["llava/projector.embedding", "llava/chat.ids"]),
  );
});
