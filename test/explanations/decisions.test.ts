import { beforeEach, describe, expect, test } from 'vitest';
import type { AuthenticatedRequest } from '../../src/credentials/asked-request.ts';
import type { AcceptedCredential } from '../../src/credentials/cached-credential.ts';
import { newTrace } from '../../src/credentials/decision.ts';
import { Decisions } from '../../src/explanations/decisions.ts';
import { credentialRefused, scopeMissing, unavailable } from '../../src/identity/access-error.ts';
import type { Principal } from '../../src/identity/principal.ts';

const [ACCEPTED, REJECTED, HOUR_MS] = [20_000, 50_000, 3_600_000];
const request = (id: string) => ({ id, url: '/v1/verify' }) as unknown as AuthenticatedRequest;
const key: AcceptedCredential = {
  principal: { kind: 'apiKey', credentialId: 'key_1' } as Principal,
  ...{ asOf: 7, tags: [], until: 0, readAt: 900 },
};

let now: number;
let leaseRemaining: number;
let decisions: Decisions;
beforeEach(() => {
  now = 1000;
  leaseRemaining = 1500;
  decisions = new Decisions({
    replica: { id: 'replica-1', applied: 9, leaseRemaining: () => leaseRemaining, databaseNow: () => now },
    clock: { now: () => new Date(now), monotonic: () => now },
    requestIdOf: (given) => (given as unknown as { id: string }).id,
    endpointOf: () => '/v1/verify',
    processId: 'process-1',
  });
});
const accept = (id: string) => decisions.accepted(request(id), key, 'memory');
const reject = (id: string) => decisions.refused(request(id), credentialRefused(), newTrace());

describe('what is remembered', () => {
  test('a flood of rejected requests pushes out rejected ones only', () => {
    accept('accepted');
    reject('rejected');
    for (let index = 0; index < 2 * REJECTED; index++) reject(`flood-${index}`);
    expect(decisions.find('accepted')).toMatchObject({ outcome: 'ACCEPTED', credentialId: 'key_1' });
    expect(decisions.find('rejected')).toBeNull();
    expect(decisions.find(`flood-${REJECTED}`)).not.toBeNull();
    expect(decisions.find(`flood-${REJECTED - 1}`)).toBeNull();
  });

  test('the last 20 000 accepted requests', () => {
    for (let index = 0; index <= ACCEPTED; index++) accept(`request-${index}`);
    expect(decisions.find('request-0')).toBeNull();
    expect(decisions.find('request-1')).toMatchObject({ requestId: 'request-1' });
  });

  test('a request is forgotten after an hour, also from memory', () => {
    accept('old');
    reject('old-rejected');
    now += HOUR_MS + 1;
    expect([decisions.find('old'), decisions.find('old-rejected')]).toEqual([null, null]);
    decisions.forget();
    now -= HOUR_MS; // It would be found if it were only too old.
    expect([decisions.find('old'), decisions.find('old-rejected')]).toEqual([null, null]);
    accept('new');
    expect(decisions.find('new')).not.toBeNull();
  });

  test('a document that fails in many fields takes one place', () => {
    reject('before');
    accept('many');
    for (let index = 0; index < 2 * REJECTED; index++)
      decisions.refusedLater('many', '/graphql', scopeMissing('ADMIN'));
    expect(decisions.find('many')).toMatchObject({
      outcome: 'REJECTED',
      reason: 'SCOPE_MISSING',
      credentialId: 'key_1',
    });
    expect(decisions.find('before')).not.toBeNull();
  });
});

describe('what an explanation says', () => {
  test('the snapshot that decided, its age and the lease', () => {
    accept('one');
    now += 5000; // An explanation is about the moment of the decision.
    expect(decisions.find('one')).toEqual({
      ...{ requestId: 'one', at: new Date(1000), endpoint: '/v1/verify', outcome: 'ACCEPTED', reason: 'VALID' },
      ...{ credentialId: 'key_1', kind: 'apiKey', decidedBy: 'MEMORY', entrySequence: '7', logSequence: '9' },
      ...{ entryAgeMilliseconds: 100, leaseRemainingMilliseconds: 1500, replica: 'replica-1' },
    });
  });

  test.each([
    ['memory', 1500, 'MEMORY'],
    ['shared', 1500, 'SHARED_CACHE'],
    ['database', 1500, 'DATABASE'],
    ['direct', 1500, 'DATABASE'],
    ['direct', 0, 'DATABASE_WITHOUT_LEASE'],
  ] as const)('a decision of the layer %s with %d ms of lease: %s', (layer, lease, decidedBy) => {
    leaseRemaining = lease;
    decisions.accepted(request('one'), key, layer);
    expect(decisions.find('one')).toMatchObject({ decidedBy, leaseRemainingMilliseconds: lease });
  });

  test('a request that could not be decided is UNAVAILABLE', () => {
    leaseRemaining = 0;
    decisions.refused(request('one'), unavailable(new Error('no database')), {
      ...newTrace(),
      layer: 'direct',
      kind: 'apiKey',
    });
    expect(decisions.find('one')).toMatchObject({
      ...{ outcome: 'UNAVAILABLE', reason: 'AUTHENTICATION_UNAVAILABLE', decidedBy: 'DATABASE_WITHOUT_LEASE' },
      ...{ kind: 'apiKey', credentialId: null, entrySequence: null, entryAgeMilliseconds: null },
    });
  });

  test('places are used again, and nothing of an earlier request stays in them', () => {
    for (let index = 0; index < REJECTED; index++) {
      decisions.refused(request(`first-${index}`), credentialRefused(), {
        ...{
          layer: 'shared',
          kind: 'apiKey',
          found: { ...key, principal: null, refusal: { reason: 'REVOKED', credentialId: 'key_9' } },
        },
        reason: null,
      });
    }
    reject('second');
    expect(decisions.find('second')).toMatchObject({
      ...{
        reason: 'UNKNOWN',
        credentialId: null,
        kind: null,
        decidedBy: 'MEMORY',
        entrySequence: null,
        entryAgeMilliseconds: null,
      },
    });
    decisions.refusedLater('third', '/graphql', unavailable());
    expect(decisions.find('third')).toMatchObject({
      outcome: 'UNAVAILABLE',
      credentialId: null,
      kind: null,
      endpoint: '/graphql',
    });
  });
});
