import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { parseCidr } from '../kernel/cidr.ts';
import { UNIX_PEERS } from '../kernel/socket-path.ts';
import { trimOws } from '../kernel/white-space.ts';

const UNKNOWN = 'unknown';

/** The other end of the connection. Node's `IncomingMessage` has it. */
interface Peer {
  readonly socket?: { readonly remoteAddress?: string | undefined };
}

/** The parts of a request that show where it comes from. Node's `IncomingMessage` has them. */
export interface AddressedRequest extends Peer {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
}

/**
 * Determines where a request comes from, in one spelling for each address and never more than 45 characters.
 *
 * Any client can write X-Forwarded-For, so it is believed only as far as our own proxies wrote it: from right to left,
 * as long as the address that added the entry is trusted. The first address that is not trusted is the client. An entry
 * that is not an address ends the search, and the last valid one counts.
 *
 * @param trustedProxies addresses and CIDRs, or `unix` for every peer on a Unix socket. Only a service that listens on
 *   nothing else may trust `unix`: a peer that has closed its connection has no address either
 * @returns a function that never throws, and returns `unknown` if the socket has no address
 * @throws Error if one of `trustedProxies` is neither
 */
export function createClientAddress(trustedProxies: readonly string[]): (request: AddressedRequest) => string {
  const isTrusted = createTrust(trustedProxies);

  return ({ socket, headers }) => {
    const forwardedFor = headers['x-forwarded-for'] ?? '';
    let client = canonical(socket?.remoteAddress ?? '');
    if (trustedProxies.length === 0) return client ?? UNKNOWN;
    const entries = String(forwardedFor).split(','); // Several headers are one list; String joins them with commas.
    while (entries.length > 0 && isTrusted(client ?? undefined)) {
      const next = canonical(withoutPort(trimOws(entries.pop() as string)));
      if (next === null) break;
      client = next;
    }
    return client ?? UNKNOWN;
  };
}

function createTrust(trustedProxies: readonly string[]): (address: string | undefined) => boolean {
  const trusted = blockListOf(trustedProxies.filter((proxy) => proxy !== UNIX_PEERS));
  const trustsUnix = trustedProxies.includes(UNIX_PEERS);
  return (address) => {
    if (address === undefined) return trustsUnix;
    const known = canonical(address);
    return known !== null && trusted.check(known, isIPv4(known) ? 'ipv4' : 'ipv6');
  };
}

/**
 * Whether the peer of a request is one of our own proxies, whose headers about the client are believed.
 *
 * @param trustedProxies as for `createClientAddress`
 */
export function createProxyTrust(trustedProxies: readonly string[]): (request: Peer) => boolean {
  const isTrusted = createTrust(trustedProxies);
  return ({ socket }) => isTrusted(socket?.remoteAddress);
}

function blockListOf(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const cidr = parseCidr(proxy);
    if (!cidr) throw new Error(`"${proxy}" is not the address or CIDR of a proxy.`);
    list.addSubnet(cidr.address, cidr.bits, cidr.family);
  }
  return list;
}

/** Removes a port, as in `[2001:db8::1]:443` and `192.0.2.1:443`. A bare IPv6 address has two colons or more. */
function withoutPort(entry: string): string {
  return /^\[([^\]]*)\](?::\d{1,5})?$/.exec(entry)?.[1] ?? /^([^:]*):\d{1,5}$/.exec(entry)?.[1] ?? entry;
}

/**
 * One spelling for each address: lower case, shortened, without a zone, and an IPv4 address never in the form of IPv6.
 */
function canonical(address: string): string | null {
  if (isIPv4(address)) return address;
  const [unzoned = ''] = address.split('%', 1);
  if (!isIPv6(unzoned)) return null;
  const shortened = new SocketAddress({ address: unzoned, family: 'ipv6' }).address;
  const embedded = shortened.replace(/^::ffff:/, '');
  return isIPv4(embedded) ? embedded : shortened;
}
