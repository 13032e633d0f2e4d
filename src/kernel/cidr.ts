import { isIP } from 'node:net';

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
