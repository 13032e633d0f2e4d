import { isIPv4, isIPv6 } from 'node:net';

/**
 * The network that an address counts for: an IPv4 address itself, or the /64 of an IPv6 address, which is
 * the least that one customer gets. Everything else, also no address, is one network, so invalid
 * addresses create no new counters.
 *
 * @param address as `createClientAddress` returns it: never IPv4 in the form of IPv6
 */
export function networkOf(address: string | null): string {
  if (address === null) return 'unknown';
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return 'unknown';
  const [head, tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]?];
  const groups = tail ? [...head, ...Array<string>(8 - head.length - groupsIn(tail)).fill('0'), ...tail] : head;
  const prefix = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(':')}::/64`;
}

/** The last two groups may be written as an IPv4 address. */
function groupsIn(tail: string[]): number {
  return tail.at(-1)?.includes('.') ? tail.length + 1 : tail.length;
}
