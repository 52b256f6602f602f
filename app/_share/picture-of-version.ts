import { withoutLeaving } from "#nodes/graph/leaving";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { plainPicture } from "../_editor/export/export-file";
import { upload } from "../_editor/upload";
import type { useTRPCClient } from "../_trpc/client";

/** As programs show an address that is passed on. */
const mostWidth = 1200;

/** A picture of a version's graph in the store, without what stays here. It does not carry the graph. */
export async function pictureOfVersion(
  client: ReturnType<typeof useTRPCClient>,
  id: string,
  leaveOut: Parameters<typeof withoutLeaving>[1],
): Promise<{ ref: string; width: number; height: number }> {
  const { document } = await client.graphs.version.query({ id });
  const shown = withoutLeaving(document, leaveOut);
  const drawn = { shown, definitionOf: (node: string) => definitionOf(shown, node, registry) };
  const { file, width, height } = await plainPicture(drawn, mostWidth);
  return { ref: (await upload(file)).ref, width, height };
}
