/** Files of an archive (.zip) in memory, by their names. */
import { unzipSync } from "fflate";
import { Failure } from "../errors";

/** The files whose names fit, unpacked. */
export function filesIn(archive: Uint8Array, fits: (name: string) => boolean): Map<string, Uint8Array> {
  try {
    return new Map(Object.entries(unzipSync(archive, { filter: ({ name }) => fits(name) })));
  } catch (cause) {
    throw new Failure({ message: "The archive cannot be unpacked.", hint: "Fetch it again." }, { cause });
  }
}

export function fileIn(archive: Uint8Array, name: string): Uint8Array {
  const found = filesIn(archive, (other) => other === name).get(name);
  if (found) return found;
  throw new Failure({ message: `The archive holds no “${name}”.`, hint: "Fetch it again." });
}
