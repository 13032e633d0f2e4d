import { sha256Base64url } from '../crypto/hash.ts';
import { hmacSha256 } from '../crypto/hmac.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { Principal } from '../identity/principal.ts';

/** What a request asks for. */
export interface CoalescedOperation {
  /** The normalised document and the name of the operation; texts of different schemas differ. */
  readonly text: string;
  /** The variables of the operation, as they were sent. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Names executions. Two requests get the same name only if the same credential asks for the same thing, and nothing has
 * changed in between: it covers the whole principal (credential, proof, user, workspace, scopes, permissions, allowed
 * addresses, the key of a signed request), the operation, and the position.
 *
 * The name is an HMAC-SHA-256, base64url, so Redis learns neither. Replicas with the same master key make the same names.
 */
export class ExecutionNames {
  readonly #keyring: Keyring;
  /** A cached credential has one principal for many requests. */
  readonly #principals = new WeakMap<Principal, string>();

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  nameOf(position: string, principal: Principal, { text, variables }: CoalescedOperation): string {
    const parts = [position, this.#hashOf(principal), text, sortedJson(variables)];
    return hmacSha256(this.#keyring.current.derive('coalescing/name'), JSON.stringify(parts)).toString('base64url');
  }

  /** Whether two principals are the same in every respect. */
  areEqual(one: Principal, other: Principal): boolean {
    return one === other || this.#hashOf(one) === this.#hashOf(other);
  }

  #hashOf(principal: Principal): string {
    let hash = this.#principals.get(principal);
    if (hash === undefined) {
      hash = sha256Base64url(sortedJson(principal));
      this.#principals.set(principal, hash);
    }
    return hash;
  }
}

/** JSON in which the members of every object are in one order. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
