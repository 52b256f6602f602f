/** How many tokens a row of ids has before its padding, which is id 0 at the end; at least one. */
export function unpaddedLength(ids: BigInt64Array, row: number, length: number): number {
  let end = length;
  while (end > 1 && ids[row * length + end - 1] === 0n) end--;
  return end;
}
