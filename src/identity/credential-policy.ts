import type { InputCheck } from '../kernel/input.ts';

/** The bounds on the credentials of a workspace or of the installation. A bound that is null does not exist. */
export interface PolicyBounds {
  /** Counted from the creation. A rotation or a renewal does not start it again. */
  readonly maximumLifetimeSeconds: number | null;
  /** Counted from the last use, or from the creation. */
  readonly idleSeconds: number | null;
  /** Whether every credential must be created with an expiry. */
  readonly requiresExpiry: boolean;
}

/** The bounds where there is no policy. */
export const UNBOUNDED: PolicyBounds = { maximumLifetimeSeconds: null, idleSeconds: null, requiresExpiry: false };

/** The bounds in force for a credential: the stricter ones of the installation and of its workspace. */
export interface BoundsInForce extends PolicyBounds {
  /** By how much a credential may be idle for longer, because the last use is written later. */
  readonly idleToleranceSeconds: number;
}

/**
 * When policies end a credential, in milliseconds since the epoch. Null: never. What the end of the credential itself
 * decides is not part of it.
 */
export interface PolicyEnd {
  /** The first of all ends. It moves with each use while `idleSeconds` decides it. */
  readonly endsAt: number | null;
  /** When a policy that was tightened ended the credential, if that was the first end. */
  readonly revokedAt: number | null;
  /** The same as `endsAt` without `idleSeconds`: no use moves it. */
  readonly fixedEnd: number | null;
}

export const NO_POLICY_END: PolicyEnd = { endsAt: null, revokedAt: null, fixedEnd: null };

/** The three times as JSON, as the function `policyEnd` of `credential-policies` selects them. */
export function policyEndJson({ endsAt, revokedAt, fixedEnd }: PolicyEnd): string {
  return JSON.stringify([endsAt, revokedAt, fixedEnd]);
}

/** Reads these times. Null: there are none. */
export function parsePolicyEnd(json: string | null | undefined): PolicyEnd {
  if (json == null) return NO_POLICY_END;
  const [endsAt, revokedAt, fixedEnd]: (number | null)[] = JSON.parse(json);
  const isFirst = revokedAt != null && endsAt != null && revokedAt <= endsAt;
  return { endsAt: endsAt ?? null, revokedAt: isFirst ? revokedAt : null, fixedEnd: fixedEnd ?? null };
}

/**
 * When the policies in force end a credential that is created at this moment.
 *
 * @param lifetimeFrom from when on its lifetime counts
 */
export function policyEndOfNew(
  createdAt: Date,
  { maximumLifetimeSeconds, idleSeconds, idleToleranceSeconds }: BoundsInForce,
  lifetimeFrom = createdAt,
): PolicyEnd {
  const after = (moment: Date, seconds: number) => moment.getTime() + seconds * 1000;
  const fixedEnd = maximumLifetimeSeconds === null ? null : after(lifetimeFrom, maximumLifetimeSeconds);
  const idleEnd = idleSeconds === null ? null : after(createdAt, idleSeconds + idleToleranceSeconds);
  const ends = [fixedEnd, idleEnd].filter((end) => end !== null);
  return { endsAt: ends.length > 0 ? Math.min(...ends) : null, revokedAt: null, fixedEnd };
}

/** When a tightened policy revoked a credential with this expiry; null if it did not, or after the expiry. */
export function revokedByPolicy(expiresAt: Date | null, { revokedAt }: PolicyEnd): Date | null {
  if (revokedAt === null || (expiresAt !== null && expiresAt.getTime() <= revokedAt)) return null;
  return new Date(revokedAt);
}

/** When a credential with this expiry ends: by itself, or by a policy. Null: never. */
export function effectiveEnd(expiresAt: Date | null, { endsAt }: Pick<PolicyEnd, 'endsAt'>): Date | null {
  if (endsAt === null || (expiresAt !== null && expiresAt.getTime() <= endsAt)) return expiresAt;
  return new Date(endsAt);
}

/** An expiry that a caller gives to a credential. */
export interface GivenExpiry {
  /** Null if it was left out. */
  given: Date | null;
  /** The latest expiry that the calling credential may grant; null: any. See `latestEnd`. */
  latest: Date | null;
  createdAt: Date;
  now: Date;
}

/**
 * The expiry of a new or changed credential: as it was given, or the latest one that the caller and the policy allow.
 * Everything that is wrong with it is recorded for `input.expiresAt`.
 */
export function checkExpiry(
  { given, latest, createdAt, now }: GivenExpiry,
  { maximumLifetimeSeconds: seconds, requiresExpiry }: PolicyBounds,
  check: InputCheck,
): Date | null {
  const path = 'input.expiresAt';
  const bound = seconds === null ? null : new Date(createdAt.getTime() + seconds * 1000);
  check.require(given !== null || !requiresExpiry, path, 'Must be set, because a policy requires an expiry.');
  check.require(given === null || given > now, path, 'Must be in the future.');
  check.require(
    given === null || latest === null || given <= latest,
    path,
    `Must not be later than ${latest?.toISOString()}, when the calling credential expires.`,
  );
  check.require(
    given === null || bound === null || given <= bound,
    path,
    `Must not be later than ${bound?.toISOString()}, the longest lifetime that a policy allows.`,
  );
  return given ?? earlier(latest, bound);
}

/** The earlier of two moments. Null is later than every moment. */
export function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
