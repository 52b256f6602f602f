import { isAway } from "./errors";

/**
 * Rows by id. Where the database cannot read one of them, such as JSON that it stored without looking into it, each is
 * asked for by itself, and those that cannot be read are missing.
 */
export async function readEach<Row extends { id: string }>(
  ids: readonly string[],
  read: (ids: string[]) => Promise<Row[]>,
): Promise<Map<string, Row>> {
  const rows = await read([...ids]).catch((error) => {
    if (isAway(error)) throw error;
    return undefined;
  });
  const found = rows ?? (await Promise.all(ids.map((id) => readAlone(id, read)))).flat();
  return new Map(found.map((row) => [row.id, row]));
}

async function readAlone<Row>(id: string, read: (ids: string[]) => Promise<Row[]>): Promise<Row[]> {
  return read([id]).catch((error) => {
    if (isAway(error)) throw error;
    return [];
  });
}
