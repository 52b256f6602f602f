import { BlockList, isIPv6 } from "node:net";

/**
 * Addresses that are no place of the public Internet: of this machine, of the net around it, of a cloud's metadata, and
 * those that stand for others (RFC 6890, and the registries of special-purpose addresses that IANA keeps).
 */
const special = new BlockList();
const ranges4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];
const ranges6 = ["::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"];
const more6 = ["3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"];
for (const range of ranges4) addRange(range, "ipv4");
for (const range of [...ranges6, ...more6]) addRange(range, "ipv6");

function addRange(range: string, family: "ipv4" | "ipv6"): void {
  const [address = "", bits] = range.split("/");
  special.addSubnet(address, Number(bits), family);
}

/** Whether an address is none of the public Internet. What is written as IPv6 and means IPv4 is asked as that. */
export function isPrivateAddress(address: string): boolean {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped) return special.check(mapped, "ipv4");
  return special.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
