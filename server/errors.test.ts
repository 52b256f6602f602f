import { describe, expect, it } from "vitest";
import { openDb } from "./db";
import { Failure, toPublic } from "./errors";

describe("what a person reads of an error", () => {
  it("is a failure's own words", () =>
    expect(toPublic(new Failure({ message: "No.", hint: "Do.", node: "a" }), { node: "b" })).toEqual({
      message: "No.",
      hint: "Do.",
      node: "a",
    }));
  it.each([
    ["ENOSPC", /disk is full/],
    ["EACCES", /cannot be written/],
    ["ECONNREFUSED", /database does not answer/],
  ])("explains %s and says what to do", (code, message) => {
    const shown = toPublic(Object.assign(new Error(`${code}: raw, write '/secret/path'`), { code }), { node: "n" });
    expect(shown.message).toMatch(message);
    expect(shown.hint).toBeTruthy();
    expect(JSON.stringify(shown)).not.toContain("/secret");
  });
  it("never is a runtime's message with its paths and codes", () => {
    const shown = toPublic(
      new Error(
        "Non-zero status code returned while running MatMul node. Name:'x' Status Message: /onnxruntime_src/core/math/matmul.h:12 left operand cannot broadcast",
      ),
      { node: "n", title: "Projector" },
    );
    expect(shown.message).toBe("The shapes of what Projector reads do not go together at its MatMul.");
    expect(shown.details?.reason).toContain("left operand cannot broadcast");
    expect(JSON.stringify(shown)).not.toContain("onnxruntime_src");
    expect(toPublic(new TypeError("x is undefined\n    at foo (/a/b.ts:1:1)"), { title: "T" }).message).not.toContain(
      "/a/b",
    );
  });
  it("explains a database that is away", async () => {
    const db = openDb("postgresql://nobody:x@127.0.0.1:9/none");
    const error = await db.graph.count().catch((e) => e);
    await db.$disconnect();
    expect(toPublic(error)).toMatchObject({ message: "The database does not answer." });
  });
});
