/** The indices of the k largest numbers, largest first; equal ones in order of index. */
export function bestOf(row: ArrayLike<number>, k: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < row.length; i++) {
    const x = row[i] as number;
    if (best.length === k && !(x > (row[best[k - 1] as number] as number))) continue;
    let at = best.length;
    while (at > 0 && x > (row[best[at - 1] as number] as number)) at--;
    best.splice(at, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}

/**
 * How many numbers are larger than the one at `at`: its rank, from 0. Ties count against it, so that equal scores earn
 * nothing.
 */
export function rankOf(row: ArrayLike<number>, at: number): number {
  const x = row[at] as number;
  let rank = 0;
  for (let i = 0; i < row.length; i++) if (i !== at && !((row[i] as number) < x)) rank++;
  return rank;
}
