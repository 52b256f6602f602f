import { afterEach, describe, expect, it, vi } from "vitest";
import { env } from "./env";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("settings", () => {
  it("follow the environment as it changes", () => {
    vi.stubEnv("PATCHBAY_FOLDERS", "/a, /b");
    vi.stubEnv("PATCHBAY_CHUNK", "2M");
    expect(env()).toMatchObject({ folders: ["/a", "/b"], chunk: 2 * 2 ** 20 });
    expect(env()).toBe(env());
    vi.stubEnv("PATCHBAY_CHUNK", "");
    expect(env()).toMatchObject({ folders: ["/a", "/b"], chunk: 16 * 2 ** 20 });
    expect(env({ PATCHBAY_MEMORY: "1.5 GiB" })).toMatchObject({ folders: [], memory: 1.5 * 2 ** 30 });
  });
  it("leave the threads of a model to the runtime, or take a number of them", () => {
    expect([env({}).threads, env({ PATCHBAY_THREADS: "3" }).threads]).toEqual([undefined, 3]);
    for (const bad of ["0", "1.5", "many"]) expect(() => env({ PATCHBAY_THREADS: bad })).toThrow(/PATCHBAY_THREADS/);
  });
  it("name a wrong one whenever they are asked for", () => {
    vi.stubEnv("PATCHBAY_MEMORY", "much");
    for (let i = 0; i < 2; i++) expect(() => env()).toThrow(/^The setting PATCHBAY_MEMORY is wrong: an amount such as/);
  });
});
