import { openSafetensors, type SafetensorsHeader } from "#models/files/safetensors";
import type { Host } from "./host";

/** The header of a checkpoint that the host keeps; nothing else of it is read. */
export async function checkpointHeader(host: Host, ref: string): Promise<SafetensorsHeader> {
  return openSafetensors({ size: await host.size(ref), read: (start, end) => host.read(ref, start, end) });
}
