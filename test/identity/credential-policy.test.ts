import { describe, expect, test } from 'vitest';
import {
  checkExpiry,
  effectiveEnd,
  NO_POLICY_END,
  parsePolicyEnd,
  policyEndOfNew,
  revokedByPolicy,
} from '../../src/identity/credential-policy.ts';
import { InputCheck } from '../../src/kernel/input.ts';

const at = (seconds: number) => new Date(Date.parse('2026-12-03T00:00:00Z') + seconds * 1000);
const ms = (seconds: number) => at(seconds).getTime();

describe('checkExpiry', () => {
  const now = at(100);
  const bounds = (maximumLifetimeSeconds: number | null, requiresExpiry = false) => ({
    maximumLifetimeSeconds,
    idleSeconds: null,
    requiresExpiry,
  });
  function checked(given: Date | null, policy = bounds(null), latest: Date | null = null) {
    const check = new InputCheck();
    const expiresAt = checkExpiry({ given, latest, createdAt: at(0), now }, policy, check);
    return check.fields[0]?.message ?? expiresAt;
  }

  test('an expiry that is left out becomes the latest one that is allowed', () => {
    expect(checked(null)).toBeNull();
    expect(checked(null, bounds(500))).toEqual(at(500));
    expect(checked(null, bounds(500), at(300))).toEqual(at(300));
    expect(checked(null, bounds(null), at(300))).toEqual(at(300));
  });

  test('an explicit expiry is within every bound, or each message says which one it breaks', () => {
    expect(checked(at(500), bounds(500), at(500))).toEqual(at(500));
    expect(checked(at(501), bounds(500))).toBe(
      `Must not be later than ${at(500).toISOString()}, the longest lifetime that a policy allows.`,
    );
    expect(checked(at(501), bounds(null), at(500))).toMatch(/when the calling credential expires/);
    expect(checked(at(100))).toBe('Must be in the future.');
  });

  test('a policy that requires an expiry does not choose one', () => {
    expect(checked(null, bounds(500, true), at(300))).toBe('Must be set, because a policy requires an expiry.');
    expect(checked(at(400), bounds(500, true))).toEqual(at(400));
  });
});

describe('the end that policies set', () => {
  test('is read from JSON, and a revocation counts only if it is the first end', () => {
    expect(parsePolicyEnd(null)).toEqual(NO_POLICY_END);
    expect(parsePolicyEnd('[null, null, null]')).toEqual(NO_POLICY_END);
    expect(parsePolicyEnd('[5, 5, 5]')).toEqual({ endsAt: 5, revokedAt: 5, fixedEnd: 5 });
    expect(parsePolicyEnd('[4, 5, 9]')).toEqual({ endsAt: 4, revokedAt: null, fixedEnd: 9 });
  });

  test('revokes a credential that has not expired before', () => {
    const revoked = { endsAt: ms(10), revokedAt: ms(10), fixedEnd: ms(10) };
    expect(revokedByPolicy(null, revoked)).toEqual(at(10));
    expect(revokedByPolicy(at(11), revoked)).toEqual(at(10));
    expect(revokedByPolicy(at(10), revoked)).toBeNull();
    expect(revokedByPolicy(null, { ...revoked, revokedAt: null })).toBeNull();
  });

  test('is the effective end if it is the earlier one', () => {
    expect(effectiveEnd(null, { endsAt: null })).toBeNull();
    expect(effectiveEnd(at(5), { endsAt: null })).toEqual(at(5));
    expect(effectiveEnd(at(5), { endsAt: ms(4) })).toEqual(at(4));
    expect(effectiveEnd(at(5), { endsAt: ms(6) })).toEqual(at(5));
    expect(effectiveEnd(null, { endsAt: ms(6) })).toEqual(at(6));
  });

  test('of a new credential is the first of its bounds; a successor has the lifetime of its predecessor', () => {
    const bounds = { maximumLifetimeSeconds: 100, idleSeconds: 10, idleToleranceSeconds: 62, requiresExpiry: false };
    expect(policyEndOfNew(at(0), bounds)).toEqual({ endsAt: ms(72), revokedAt: null, fixedEnd: ms(100) });
    expect(policyEndOfNew(at(90), bounds, at(0))).toEqual({ endsAt: ms(100), revokedAt: null, fixedEnd: ms(100) });
    expect(policyEndOfNew(at(0), { ...bounds, maximumLifetimeSeconds: null, idleSeconds: null })).toEqual(
      NO_POLICY_END,
    );
  });
});
