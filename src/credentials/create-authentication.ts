import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import { Authenticator, type AuthenticatorOptions } from './authenticator.ts';
import type { CredentialRuntime } from './credential-type.ts';
import type { CredentialTypes } from './credential-types.ts';
import type { credentials } from './credentials.feature.ts';
import { LastUsed } from './last-used.ts';
import { exposeAuthentication } from './metrics.ts';

export interface AuthenticationNeeds
  extends Pick<
    AuthenticatorOptions,
    'failures' | 'rates' | 'addressOf' | 'addressRefused' | 'rejected' | 'mayBeImported'
  > {
  types: CredentialTypes;
  accessTokens: CredentialRuntime['accessTokens'];
  signatures: CredentialRuntime['signatures'];
}

/** The authenticator of this replica, and its records of when credentials were last used. */
export function createAuthentication(
  { database, sealer, clock, logger, replica, cache, registry }: Platform,
  { lastUsedSeconds, cacheEntries }: ValuesOf<typeof credentials.variables>,
  { types, accessTokens, signatures, ...needs }: AuthenticationNeeds,
): Part & { authenticator: Authenticator } {
  const lastUsed = new LastUsed({
    sql: database.reads,
    sealer,
    clock,
    logger,
    now: () => replica.databaseNow(),
    lagSeconds: lastUsedSeconds,
    entries: cacheEntries,
    tables: types.all.map(({ table }) => table),
    addressed: types.all.filter(({ recordsAddress }) => recordsAddress).map(({ table }) => table),
    addressOf: (kind, request) => (types.of(kind).recordsAddress ? needs.addressOf(request) : null),
  });
  const runtime = { sql: database.reads, accessTokens, signatures };
  const authenticator = new Authenticator({ types, runtime, cache, lastUsed, ...needs });
  exposeAuthentication(registry, { cache, authenticator });
  return {
    authenticator,
    jobs: { 'purging last uses': () => lastUsed.purge() },
    stop: () => lastUsed.flush(),
  };
}
