import type { ValuesOf } from '../kernel/variable.ts';
import type { Part, Platform } from '../platform.ts';
import { Authenticator, type AuthenticatorOptions } from './authenticator.ts';
import type { CredentialRuntime } from './credential-type.ts';
import type { CredentialTypes } from './credential-types.ts';
import type { credentials } from './credentials.feature.ts';
import type { DecisionObserver } from './decision.ts';
import { LastUsed } from './last-used.ts';
import { exposeAuthentication } from './metrics.ts';

export interface AuthenticationNeeds
  extends Pick<
    AuthenticatorOptions,
    'failures' | 'rates' | 'addressOf' | 'addressRefused' | 'rejected' | 'mayBeImported' | 'observer'
  > {
  types: CredentialTypes;
  accessTokens: CredentialRuntime['accessTokens'];
  signatures: CredentialRuntime['signatures'];
}

/** The authenticator of this replica, and its records of when credentials were last used. */
export function createAuthentication(
  { database, sealer, clock, logger, outage, replica, cache, registry }: Platform,
  { lastUsedSeconds, cacheEntries }: ValuesOf<typeof credentials.variables>,
  { types, accessTokens, signatures, observer: given, ...needs }: AuthenticationNeeds,
): Part & { authenticator: Authenticator } {
  const lastUsed = new LastUsed({
    sql: database.reads,
    sealer,
    clock,
    logger,
    outage,
    now: () => replica.databaseNow(),
    lagSeconds: lastUsedSeconds,
    entries: cacheEntries,
    tables: types.all.map(({ table }) => table),
    addressed: types.all.filter(({ recordsAddress }) => recordsAddress).map(({ table }) => table),
    addressOf: (kind, request) => (types.of(kind).recordsAddress ? needs.addressOf(request) : null),
  });
  const runtime = { sql: database.reads, accessTokens, signatures };
  const observer: DecisionObserver = {
    accepted: (request, accepted, layer) => given.accepted(request, accepted, layer),
    refused(request, error, trace) {
      if (error.code === 'AUTHENTICATION_UNAVAILABLE') outage.failed(error, 'a credential could not be checked');
      given.refused(request, error, trace);
    },
  };
  const authenticator = new Authenticator({ types, runtime, cache, lastUsed, observer, ...needs });
  exposeAuthentication(registry, { cache, authenticator });
  return {
    authenticator,
    jobs: { 'purging last uses': () => lastUsed.purge() },
    stop: () => lastUsed.flush(),
  };
}
