import { areWithin } from '../credentials/allowed-addresses.ts';
import { checkExpiry, UNBOUNDED } from '../identity/credential-policy.ts';
import { checkPermissions, latestEnd } from '../identity/grant.ts';
import { owningWorkspace, type Principal } from '../identity/principal.ts';
import { checkRateLimit, type RateLimit } from '../identity/rate-limit.ts';
import { belongsToWorkspace, type Scope, staysInWorkspace } from '../identity/scope.ts';
import { networkText, parseNetwork } from '../kernel/cidr.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';
import type { ApiKeySettings } from './api-key.entity.ts';
import { checkMetadata, type Metadata } from './metadata.ts';

export const LONGEST_NAME = 100;
const LONGEST_DESCRIPTION = 500;
const MOST_ADDRESSES = 50;
const ADDRESSES = 'input.allowedAddresses';
export const NOT_WITHIN = 'Must be within the addresses from which the calling credential may be used.';

/** Who a key belongs to. */
export type ApiKeyOwner = 'USER' | 'WORKSPACE';

/** The input for a new API key. */
export interface NewApiKeyInput {
  name: string;
  description: string | null;
  metadata: Metadata;
  scopes: readonly Scope[];
  permissions: readonly string[];
  allowedAddresses: readonly string[];
  expiresAt: Date | null;
  rateLimit: RateLimit | null;
  workspaceId: string | null;
  owner: ApiKeyOwner;
  idempotencyKey: string | null;
}

/** The settings of a key as a caller sends them: metadata is not sealed. */
export type SentSettings = Omit<ApiKeySettings, 'metadataSealed'> & { metadata: Metadata };

/** The checked fields of a new key. The expiry depends on the policies, which the transaction reads. */
export interface CheckedApiKey extends Omit<SentSettings, 'expiresAt'> {
  workspaceId: string | null;
  owner: ApiKeyOwner;
}

/** The checked fields of the key, or all problems of the input that do not depend on policies. */
export function checkNewApiKey(input: NewApiKeyInput, caller: Principal, now: Date): CheckedApiKey | InvalidInput {
  const check = new InputCheck();
  const name = check.text(input.name, 'input.name', LONGEST_NAME);
  const description = checkDescription(input.description, check);
  // A key of a workspace creates keys of that workspace. A user's key that is bound to one creates keys for it.
  const owner = owningWorkspace(caller) === null ? input.owner : 'WORKSPACE';
  const workspaceId = input.workspaceId ?? caller.workspaceId;
  check.require(
    owner === 'USER' || workspaceId !== null,
    'input.workspaceId',
    'Must be set, because the key belongs to a workspace.',
  );
  checkScopes(input.scopes, { owner, workspaceId }, check);
  const permissions = [...new Set(input.permissions)];
  checkPermissions(permissions, caller, check);
  checkMetadata(input.metadata, check);
  const allowedAddresses = checkGrantedAddresses(input.allowedAddresses, caller, check);
  checkRateLimit(input.rateLimit, check);
  check.require(
    input.idempotencyKey === null || /^[\x21-\x7e]{1,255}$/.test(input.idempotencyKey),
    'input.idempotencyKey',
    'Must have 1 to 255 visible ASCII characters.',
  );
  checkExpiry({ given: input.expiresAt, latest: latestEnd(caller), createdAt: now, now }, UNBOUNDED, check);
  const { metadata, rateLimit } = input;
  const scopes = [...new Set(input.scopes)];
  const settings = { name, description, metadata, scopes, permissions, allowedAddresses, rateLimit };
  return check.outcome ?? { ...settings, workspaceId, owner };
}

export function checkDescription(description: string | null, check: InputCheck): string | null {
  return description === null ? null : check.text(description, 'input.description', LONGEST_DESCRIPTION);
}

type Owned = { owner: ApiKeyOwner; workspaceId: string | null };
export function checkScopes(scopes: readonly Scope[], { owner, workspaceId }: Owned, check: InputCheck): void {
  const path = 'input.scopes';
  if (owner === 'WORKSPACE') {
    const beyond = scopes.filter((scope) => !belongsToWorkspace(scope));
    const message =
      'Must not include ADMIN, INTROSPECT, SESSIONS_READ or SESSIONS_WRITE, because the key belongs to a workspace.';
    check.require(beyond.length === 0, path, message);
    return;
  }
  check.require(
    workspaceId === null || scopes.every(staysInWorkspace),
    path,
    'Must not include ADMIN, INTROSPECT or SESSIONS_WRITE, because the key is bound to a workspace.',
  );
}

/** The addresses in one spelling, without duplicates. */
export function checkAddresses(addresses: readonly string[], check: InputCheck): string[] {
  const networks = addresses.map(parseNetwork);
  const texts = [...new Set(networks.map((network) => (network ? networkText(network) : '')))];
  check.require(
    networks.every((network) => network !== null),
    ADDRESSES,
    'Each must be an IPv4 or IPv6 address, or a network in CIDR notation such as 192.0.2.0/24.',
  );
  check.require(texts.length <= MOST_ADDRESSES, ADDRESSES, `Must have at most ${MOST_ADDRESSES} items.`);
  return texts;
}

/**
 * The addresses of a new key. A caller that may be used from some addresses only grants no other ones. If it grants none,
 * the new key gets its own.
 */
function checkGrantedAddresses(addresses: readonly string[], caller: Principal, check: InputCheck): readonly string[] {
  const texts = checkAddresses(addresses, check);
  const own = caller.allowedAddresses;
  if (own === undefined) return texts;
  if (texts.length === 0) return own;
  check.require(areWithin(texts, own), ADDRESSES, NOT_WITHIN);
  return texts;
}
