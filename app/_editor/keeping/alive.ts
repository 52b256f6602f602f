/** Windows of this browser that are there: a draft of one that is gone is work that nobody saves any more. */

type Message = { asks: true } | { isHere: string };

const channelName = "patchbay-windows";
/** Milliseconds that others have to answer. */
const patience = 400;

/** Lets others know that this window is there, until the function that is given is called. */
export function beAlive(window: string): () => void {
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("asks" in data) channel.postMessage({ isHere: window });
  };
  return () => channel.close();
}

/** The other windows that answer. */
export async function windowsAlive(): Promise<ReadonlySet<string>> {
  const channel = new BroadcastChannel(channelName);
  const alive = new Set<string>();
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("isHere" in data) alive.add(data.isHere);
  };
  channel.postMessage({ asks: true });
  await new Promise((resolve) => setTimeout(resolve, patience));
  channel.close();
  return alive;
}
