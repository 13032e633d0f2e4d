import { isIP, SocketAddress } from 'node:net';

export interface Cidr {
  address: string;
  family: 'ipv4' | 'ipv6';
  /** Number of leading bits that identify the network; all bits for a single address. */
  bits: number;
}

/** Parses a network in CIDR notation or a single address; null for anything else, also for an address with a zone. */
export function parseCidr(text: string): Cidr | null {
  const [, address = '', given] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return null;
  const most = family === 4 ? 32 : 128;
  const bits = given === undefined ? most : Number(given);
  return bits <= most ? { address, family: family === 4 ? 'ipv4' : 'ipv6', bits } : null;
}

/** A network as a number, so that every spelling of it is equal. */
export interface Network {
  /** The length of its addresses in bits: 32 for IPv4, 128 for IPv6. */
  readonly size: 32 | 128;
  /** The leading bits that identify it. */
  readonly prefix: bigint;
  /** How many these are: `size` for a single address. */
  readonly bits: number;
}

/**
 * Parses what `parseCidr` accepts. An IPv4 address in the form of IPv6 (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) counts as
 * IPv4. The bits of the host are ignored: `192.0.2.7/24` is `192.0.2.0/24`.
 */
export function parseNetwork(text: string): Network | null {
  const cidr = parseCidr(text);
  if (!cidr) return null;
  const { address, family, bits } = cidr;
  if (family === 'ipv4') return { size: 32, prefix: numberOfIpv4(address) >> BigInt(32 - bits), bits };
  const number = numberOfIpv6(address);
  if (bits >= 96 && number >> 32n === 0xffffn)
    return { size: 32, prefix: (number & 0xffff_ffffn) >> BigInt(128 - bits), bits: bits - 96 };
  return { size: 128, prefix: number >> BigInt(128 - bits), bits };
}

/** One spelling for each network: shortened, in lower case, without the length if it is a single address. */
export function networkText({ size, prefix, bits }: Network): string {
  const number = prefix << BigInt(size - bits);
  const address = size === 32 ? textOfIpv4(number) : textOfIpv6(number);
  return bits === size ? address : `${address}/${bits}`;
}

/** Whether every address of the inner network is in the outer one. */
export function containsNetwork(outer: Network, inner: Network): boolean {
  return (
    outer.size === inner.size &&
    outer.bits <= inner.bits &&
    inner.prefix >> BigInt(inner.bits - outer.bits) === outer.prefix
  );
}

function numberOfIpv4(address: string): bigint {
  return BigInt(address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0));
}

function numberOfIpv6(address: string): bigint {
  const groups = (text: string) => (text === '' ? [] : text.split(':').flatMap(groupsOf));
  const [head = '', tail] = address.split('::');
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const zeros = Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].reduce((number, group) => (number << 16n) | BigInt(group), 0n);
}

/** The last two groups may be written as an IPv4 address. */
function groupsOf(text: string): number[] {
  if (!text.includes('.')) return [Number.parseInt(text, 16)];
  const number = Number(numberOfIpv4(text));
  return [number >>> 16, number & 0xffff];
}

function textOfIpv4(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 0xffn).join('.');
}

function textOfIpv6(number: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(16 * (7 - index))) & 0xffffn).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
