// What `Audit` accepts: the declared events with the declared data, at compile time and at run time.
import type { EntityManager } from '@mikro-orm/sql';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { accountEvents } from '../../src/accounts/account.events.ts';
import { apiKeyEvents } from '../../src/api-keys/api-key.events.ts';
import { Audit, type RecordedEvent } from '../../src/audit/audit.ts';
import type { AuditEvent } from '../../src/audit/audit-event.entity.ts';
import { type AuditEvents, idOf, moment } from '../../src/audit/event-data.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { newId } from '../../src/kernel/ids.ts';

const NOW = new Date('2026-11-29T12:00:00Z');
const clock = { now: () => NOW };
const events = {
  'lamp.lit': z.strictObject({ brightness: z.int(), by: z.enum(['hand', 'timer']) }),
  'lamp.broken': z.strictObject({}),
} satisfies AuditEvents;
const audit = new Audit(events, clock);

const SEALED = {
  ipAddress: expect.stringMatching(/^[0-9a-f]{32}./),
  ipAddressDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
  userAgent: expect.stringMatching(/^[0-9a-f]{32}./),
  userAgentDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
};

/** The rows that this adds to a transaction. */
function recorded(record: (em: EntityManager) => void): AuditEvent[] {
  const rows: AuditEvent[] = [];
  record({ persist: (row: AuditEvent) => void rows.push(row) } as unknown as EntityManager); // And nothing else.
  return rows;
}
const byService = (em: EntityManager) => ({ em, principal: null, origin: null });

test('an event takes who and from where from its scope', () => {
  const principal = { userId: 'usr_1', credentialId: 'key_1' } as Principal;
  const origin = { ipAddress: '192.0.2.1', userAgent: 'a browser', requestId: 'a-request' };
  const event = { type: 'lamp.broken', subjectId: 'lamp_1', data: {} } as const;
  const id = expect.stringMatching(/^evt_/);
  const succeeded = { outcome: 'SUCCEEDED', reason: null };
  const common = {
    id,
    type: 'lamp.broken',
    subjectId: 'lamp_1',
    occurredAt: NOW,
    workspaceId: null,
    data: {},
    ...succeeded,
  };
  expect(recorded((em) => audit.record({ em, principal, origin }, event))).toEqual([
    {
      ...common,
      actorUserId: 'usr_1',
      actorCredentialId: 'key_1',
      ...SEALED,
      requestId: 'a-request',
    },
  ]);
  const noPersonal = { ipAddress: null, ipAddressDigest: null, userAgent: null, userAgentDigest: null };
  const none = { actorUserId: null, actorCredentialId: null, ...noPersonal, requestId: null };
  expect(recorded((em) => audit.record(byService(em), event))).toEqual([{ ...common, ...none }]);
});

test.each<[string, unknown]>([
  ['a value of another type', { brightness: '3', by: 'hand' }],
  ['a value that is not on the list', { brightness: 3, by: 'magic' }],
  ['a missing value', { brightness: 3 }],
  ['a value that is not declared', { brightness: 3, by: 'hand', email: 'ada@example.com' }],
  ['no data', undefined],
])('data with %s is refused, and the error does not repeat it', (_name, data) => {
  const event = { type: 'lamp.lit', subjectId: 'lamp_1', data } as RecordedEvent<typeof events>;
  const rows = recorded((em) => {
    const record = () => audit.record(byService(em), event);
    expect(record).toThrow(z.ZodError);
    expect(record).not.toThrow(/ada@example|magic/);
  });
  expect(rows).toEqual([]);
});

test('an id is of its kind, and no secret passes for one', () => {
  const fits = (value: string) => idOf('ses').safeParse(value).success;
  expect([newId('ses'), newId('key'), makeSecret('rkr'), 'ada@example.com', ''].map(fits)).toEqual([
    ...[true, false, false, false, false],
  ]);
});

test('a moment is whatever Date.toISOString writes, and nothing else', () => {
  const fits = (value: string) => moment().safeParse(value).success;
  const written = [0, -1, 253_402_300_800_000, -62_198_755_200_000].map((at) => new Date(at).toISOString());
  expect(written.map(fits)).toEqual(written.map(() => true));
  const others = ['2026-11-29', '2026-11-29T12:00:00Z', `${written[0]} `, 'rkr_1'];
  expect(others.map(fits)).toEqual(others.map(() => false));
});

test('the compiler refuses an event that is not declared, and data of another shape', () => {
  const neverCalled = (em: EntityManager): unknown[] => {
    const scope = byService(em);
    const subjectId = 'lamp_1';
    audit.record(scope, { type: 'lamp.lit', subjectId, data: { brightness: 3, by: 'hand' } });
    // @ts-expect-error: no such event
    audit.record(scope, { type: 'lamp.stolen', subjectId, data: {} });
    // @ts-expect-error: data of another event
    audit.record(scope, { type: 'lamp.lit', subjectId, data: {} });
    // @ts-expect-error: a value that is not on the list
    audit.record(scope, { type: 'lamp.lit', subjectId, data: { brightness: 3, by: 'magic' } });
    // @ts-expect-error: a value that is not declared
    audit.record(scope, { type: 'lamp.broken', subjectId, data: { brightness: 3 } });
    // @ts-expect-error: no data
    audit.record(scope, { type: 'lamp.broken', subjectId });
    // @ts-expect-error: data is flat
    const nested: AuditEvents = { 'lamp.moved': z.strictObject({ to: z.strictObject({ room: z.string() }) }) };
    // @ts-expect-error: the log of another feature
    const another: Audit<typeof accountEvents> = new Audit(apiKeyEvents, clock);
    return [nested, another];
  };
  expect(neverCalled).toBeTypeOf('function');
});
