import { expect, it } from "vitest";
import { Pool } from "./sessions";

it("has room for what is open, and beside what somebody has, not beside what can be closed", async () => {
  const mebibyte = 2 ** 20;
  const pool = new Pool(200 * mebibyte);
  const open = async () => ({ release: async () => {} });
  const lease = await pool.lease("a", 100 * mebibyte, open);
  expect(pool.hasRoomFor("a", 100 * mebibyte)).toBe(true);
  expect(pool.hasRoomFor("b", 100 * mebibyte)).toBe(false);
  expect(pool.hasRoomFor("b", 50 * mebibyte)).toBe(true);
  lease.close();
  expect(pool.hasRoomFor("b", 100 * mebibyte)).toBe(true);
});
