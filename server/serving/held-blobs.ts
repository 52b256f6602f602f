/** A blob store for the files of some calls: they are held in memory, and gone with the calls. */
import { type Blobs, sha256 } from "../storage/blobs";

/** What can be made again stays in memory too; all else is the store's. */
export function heldBlobs(store: Blobs, files: Iterable<readonly [ref: string, bytes: Uint8Array]>): Blobs {
  const held = new Map(files);
  return {
    ...store,
    async put(bytes, options) {
      if (options?.durable !== false) return store.put(bytes, options);
      const ref = sha256(bytes);
      held.set(ref, bytes);
      return ref;
    },
    get: async (ref) => held.get(ref) ?? store.get(ref),
    read: async (ref, start, end) => {
      const known = held.get(ref);
      return known ? Uint8Array.from(known.subarray(start, end)) : store.read(ref, start, end);
    },
    size: async (ref) => held.get(ref)?.byteLength ?? store.size(ref),
    has: async (ref) => held.has(ref) || store.has(ref),
    use: async (ref) => held.has(ref) || store.use(ref),
  };
}
