/** Where the hub is and where its files are kept, as all of Hugging Face's tools have it from the environment. */
import { homedir } from "node:os";
import { join } from "node:path";

export interface HubSettings {
  endpoint: string;
  /** Holds `models--owner--name/…`; shared with every other tool. */
  cache: string;
  token?: string;
  /** Off: only what lies in the cache is used. */
  allowRemote: boolean;
}

type Environment = Record<string, string | undefined>;

export function hubSettings(allowRemote: boolean, from: Environment = process.env): HubSettings {
  const home = from.HF_HOME || join(from.XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
  const token = from.HF_TOKEN || from.HUGGING_FACE_HUB_TOKEN;
  return {
    endpoint: (from.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, ""),
    cache: from.HF_HUB_CACHE || from.HUGGINGFACE_HUB_CACHE || join(home, "hub"),
    ...(token ? { token } : {}),
    allowRemote: allowRemote && from.HF_HUB_OFFLINE !== "1",
  };
}
