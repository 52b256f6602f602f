import { join } from "node:path";
import { env } from "../env";
import { type Blobs, openBlobs } from "./blobs";

let opened: Blobs | undefined;
/** The blob store of this installation. */
export const blobs = (): Blobs => (opened ??= openBlobs(join(env().data, "blobs")));
