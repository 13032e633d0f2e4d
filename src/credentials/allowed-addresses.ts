import type { Principal } from '../identity/principal.ts';
import { containsNetwork, type Network, parseNetwork } from '../kernel/cidr.ts';

/** The networks of a list, by the list. A principal in a cache keeps its list. */
const parsed = new WeakMap<readonly string[], readonly Network[]>();

/**
 * Whether a credential is accepted from this address.
 *
 * Plain SQL can write an entry that is no network. It admits no address.
 *
 * @param address as `createClientAddress` returns it; an unknown one is in no network
 */
export function isAllowedFrom({ allowedAddresses }: Principal, address: string): boolean {
  if (allowedAddresses === undefined) return true;
  let networks = parsed.get(allowedAddresses);
  if (!networks) parsed.set(allowedAddresses, (networks = networksOf(allowedAddresses)));
  const client = parseNetwork(address);
  return client !== null && networks.some((network) => containsNetwork(network, client));
}

/** Whether every address in these networks is in one of those. */
export function areWithin(inner: readonly string[], outer: readonly string[]): boolean {
  const networks = networksOf(outer);
  return networksOf(inner).every((network) => networks.some((each) => containsNetwork(each, network)));
}

function networksOf(texts: readonly string[]): readonly Network[] {
  return texts.map(parseNetwork).filter((network) => network !== null);
}
