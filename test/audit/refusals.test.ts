import type { EntityManager } from '@mikro-orm/sql';
import { beforeEach, describe, expect, test } from 'vitest';
import { type CountedRefusal, Refusals } from '../../src/audit/refusals.ts';
import { heldClock } from '../support/held-clock.ts';
import { recordingLogger } from '../support/loggers.ts';
import { times } from '../support/values.ts';

const MINUTE = 60_000;
let written: CountedRefusal[];
let flushes: number;
let failing = false;
let clock: ReturnType<typeof heldClock>;
let logger: ReturnType<typeof recordingLogger>;
let refusals: Refusals;

beforeEach(() => {
  written = [];
  flushes = 0;
  failing = false;
  clock = heldClock();
  logger = recordingLogger();
  refusals = new Refusals({
    fork: () =>
      ({
        async transactional(work: (em: EntityManager) => Promise<void>) {
          await work(this as unknown as EntityManager);
          flushes++;
          if (failing) throw new Error('no database');
        },
      }) as unknown as EntityManager,
    clock,
    logger: logger.logger,
    requestId: () => 'a-request',
    record: async (_em, refusals) => void written.push(...refusals),
  });
});

const note = (subjectId: string, ipAddress: string) => refusals.note({ subjectId, workspaceId: null, ipAddress });
const first = (subjectId: string, ipAddress: string | null, count = 1, requestId: string | null = 'a-request') => ({
  subjectId,
  workspaceId: null,
  ipAddress,
  count,
  requestId,
});

describe('Refusals', () => {
  test('the first refusal of a subject and an address is an event at once, with its request', async () => {
    note('key_1', '192.0.2.1');
    note('key_1', '192.0.2.2');
    note('key_2', '192.0.2.1');
    await refusals.summarize();
    expect(written).toEqual([first('key_1', '192.0.2.1'), first('key_1', '192.0.2.2'), first('key_2', '192.0.2.1')]);
  });

  test('the further ones are one event with their count, a minute later', async () => {
    for (const _ of times(100_000, () => 0)) note('key_1', '192.0.2.1');
    await refusals.summarize();
    expect(written).toEqual([first('key_1', '192.0.2.1')]);
    clock.advance(MINUTE - 1);
    await refusals.summarize();
    expect(written).toHaveLength(1);
    clock.advance(1);
    await refusals.summarize();
    expect(written.slice(1)).toEqual([first('key_1', '192.0.2.1', 99_999, null)]);
    note('key_1', '192.0.2.1');
    await refusals.summarize();
    expect(written.slice(2)).toEqual([first('key_1', '192.0.2.1')]);
  });

  test('one refusal in a minute has no second event', async () => {
    note('key_1', '192.0.2.1');
    clock.advance(MINUTE);
    await refusals.summarize();
    expect(written).toHaveLength(1);
  });

  test('a client with very many addresses causes eleven events in a minute', async () => {
    for (const n of times(50_000, (n) => n)) note('key_1', `2001:db8::${n.toString(16)}`);
    for (const n of times(50_000, (n) => n)) note('key_1', `2001:db8::${n.toString(16)}`);
    clock.advance(MINUTE);
    await refusals.summarize();
    expect(written).toHaveLength(11);
    expect(written.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
    expect(written.at(-1)).toEqual(first('key_1', null, 99_990, null));
  });

  test('what was noted meanwhile is written together, and all of it when the replica stops', async () => {
    note('key_1', '192.0.2.1');
    for (const n of times(4, (n) => n)) note('key_1', `192.0.2.${n + 2}`);
    note('key_1', '192.0.2.1');
    await refusals.summarize({ all: true });
    expect(flushes).toBeLessThanOrEqual(2);
    expect(written.at(-1)).toEqual(first('key_1', '192.0.2.1', 1, null));
  });

  test('a refusal that arrives at the end of a write is also written', async () => {
    for (let turns = 0; turns < 30; turns++) {
      note('key_1', `192.0.2.${turns}`);
      // The second refusal arrives in each turn from the start of the write until after its end.
      for (let turn = 0; turn < turns; turn++) await null;
      note('key_2', `192.0.2.${turns}`);
      await refusals.summarize({ all: true });
      expect(written.splice(0)).toHaveLength(2);
    }
  });

  test('the log of the service contains the number of refusals of subjects without a count of their own', async () => {
    for (const n of times(10_003, (n) => n)) note(`key_${n}`, '192.0.2.1');
    await refusals.summarize();
    expect(written).toHaveLength(10_000);
    expect(logger.lines.filter((line) => line.includes('not recorded'))).toMatchObject([
      expect.stringContaining('"requests":3'),
    ]);
    await refusals.summarize();
    expect(logger.lines.filter((line) => line.includes('not recorded'))).toHaveLength(1);
  });

  test('a database that does not answer fails no request, and the loss is logged', async () => {
    failing = true;
    note('key_1', '192.0.2.1');
    await refusals.summarize({ all: true });
    expect(logger.lines.join('')).toContain('recording refused requests failed');
    failing = false;
    note('key_2', '192.0.2.1');
    await refusals.summarize();
    expect(written.at(-1)).toEqual(first('key_2', '192.0.2.1'));
  });
});
