/** A run's outputs, as they are stored. */
export type StoredOutputs = Record<string, Record<string, { type: string; value: unknown }>>;

/** The numbers among a run's outputs, by "node.port". */
export function numbersIn(outputs: StoredOutputs): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [node, ports] of Object.entries(outputs)) {
    for (const [port, { type, value }] of Object.entries(ports)) {
      if (type === "number" && typeof value === "number") numbers[`${node}.${port}`] = value;
    }
  }
  return numbers;
}
