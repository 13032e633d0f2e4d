import { checkExpiry, type PolicyBounds, UNBOUNDED } from '../identity/credential-policy.ts';
import { checkPermissions, latestEnd } from '../identity/grant.ts';
import type { Principal } from '../identity/principal.ts';
import { checkRateLimit, type RateLimit } from '../identity/rate-limit.ts';
import { type Scope, staysInWorkspace } from '../identity/scope.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';

/** The most characters of a daemon id. */
const LONGEST_DAEMON_ID = 100;
const MOST_YEARS = 10;

/** The fields of a new daemon token, as the caller sends them. */
export interface NewDaemonTokenInput {
  workspaceId: string;
  daemonId: string;
  scopes: readonly Scope[];
  permissions: readonly string[];
  expiresAt: Date;
  rateLimit: RateLimit | null;
}

/** The checked fields of a new daemon token. */
export interface CheckedDaemonToken {
  daemonId: string;
  scopes: Scope[];
  permissions: string[];
  expiresAt: Date;
  rateLimit: RateLimit | null;
}

/** One spelling of each daemon id, so that a revocation finds the tokens in every Unicode form of the same text. */
export function canonicalDaemonId(text: string): string {
  return text.normalize('NFC').trim();
}

/** The fields of the token without duplicates, or all problems with the input. */
export function checkNewDaemonToken(
  input: NewDaemonTokenInput,
  caller: Principal,
  now: Date,
): CheckedDaemonToken | InvalidInput {
  const { expiresAt, rateLimit } = input;
  const check = new InputCheck();
  const daemonId = check.text(input.daemonId.normalize('NFC'), 'input.daemonId', LONGEST_DAEMON_ID);
  check.require(
    input.scopes.every(staysInWorkspace),
    'input.scopes',
    'Must not include ADMIN, INTROSPECT or SESSIONS_WRITE, because the token is bound to a workspace.',
  );
  const permissions = [...new Set(input.permissions)];
  checkPermissions(permissions, caller, check);

  checkExpiry({ given: expiresAt, latest: latestEnd(caller), createdAt: now, now }, UNBOUNDED, check);
  check.require(expiresAt <= yearsAfter(now), 'input.expiresAt', `Must be at most ${MOST_YEARS} years from now.`);
  checkRateLimit(rateLimit, check);
  return check.outcome ?? { daemonId, scopes: [...new Set(input.scopes)], permissions, expiresAt, rateLimit };
}

/** Null if the policies in force allow this expiry of a new token. */
export function checkPolicy(expiresAt: Date, now: Date, bounds: PolicyBounds): InvalidInput | null {
  const check = new InputCheck();
  checkExpiry({ given: expiresAt, latest: null, createdAt: now, now }, bounds, check);
  return check.outcome;
}

function yearsAfter(now: Date): Date {
  const end = new Date(now);
  end.setUTCFullYear(end.getUTCFullYear() + MOST_YEARS);
  return end;
}
