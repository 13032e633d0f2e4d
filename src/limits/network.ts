import { isIPv4, isIPv6 } from 'node:net';

/**
 * Whom to count an address as: an IPv4 address as itself, an IPv6 address as its /64, which is what one customer gets
 * at the very least. Everything else, none at all included, is one and the same, so that garbage makes no new counters.
 *
 * @param address as `createClientAddress` gives it: IPv4 never dressed up as IPv6
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
