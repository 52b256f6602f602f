/** The indices of the k largest numbers, largest first; equal ones in order of index. */
export function bestOf(row: ArrayLike<number>, count: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < row.length; i++) {
    const x = row[i] as number;
    if (best.length === count && !(x > (row[best[count - 1] as number] as number))) continue;
    let place = best.length;
    while (place > 0 && x > (row[best[place - 1] as number] as number)) place--;
    best.splice(place, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}

/**
 * How many numbers are larger than the one in `column`: its rank, from 0. Ties count against it, so that equal scores
 * earn nothing.
 */
export function rankOf(row: ArrayLike<number>, column: number): number {
  const x = row[column] as number;
  let rank = 0;
  for (let i = 0; i < row.length; i++) {
    if (i !== column && !((row[i] as number) < x)) rank++;
  }
  return rank;
}
