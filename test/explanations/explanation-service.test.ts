import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sql } from '../../src/database/sql.ts';
import { NotConnected } from '../../src/database/sql-errors.ts';
import { ExplanationService } from '../../src/explanations/explanation.service.ts';
import type { Explanation } from '../../src/explanations/explanation.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { backends, type TestApp } from '../support/app.ts';
import { silentLogger } from '../support/loggers.ts';

const OWN = { requestId: 'known', at: new Date(1000), reason: 'VALID' } as Explanation;

function serviceOn(query: Sql['query']): ExplanationService {
  return new ExplanationService({
    decisions: { find: (requestId) => (requestId === 'known' ? OWN : null) },
    replica: { id: null },
    sql: { query },
    clock: systemClock,
    logger: silentLogger,
    processId: '00000000-0000-4000-8000-000000000000',
  });
}

describe('without the database', () => {
  const service = serviceOn(async () => {
    throw new NotConnected(new Error('gone'));
  });

  test('a replica explains what it remembers itself', async () => {
    expect(await service.explain('known')).toBe(OWN);
  });

  test('it does not say that no replica remembers the request', async () => {
    await expect(service.explain('unknown')).rejects.toThrow('No connection');
  });
});

test('a limited number of questions is open at once, and further ones get RATE_LIMITED', async () => {
  const held = Promise.withResolvers<never[]>();
  const service = serviceOn(() => held.promise);
  const open = Array.from({ length: 20 }, () => service.explain('unknown'));
  await expect(service.explain('unknown')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  held.resolve([]);
  expect(await Promise.all(open)).toEqual(open.map(() => null));
  expect(await service.explain('unknown')).toBeNull();
});

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  test('what a stopped replica has left is purged, and open questions are not', async () => {
    const ages = ['2 minutes', '0 seconds'];
    for (const age of ages) {
      await app.sql(`insert into explanation_questions (id, request_id, asked_by, asked_at)
        values (gen_random_uuid(), 'left', gen_random_uuid(), clock_timestamp() - interval '${age}')`);
      await app.sql(`insert into explanation_answers (question_id, answered_by, answered_at)
        values (gen_random_uuid(), gen_random_uuid(), clock_timestamp() - interval '${age}')`);
    }
    await app.app.jobs['purging questions about requests']!();
    const [left] = await app.sql(`select (select count(*) from explanation_questions)::int as questions,
      (select count(*) from explanation_answers)::int as answers`);
    expect(left).toEqual({ questions: 1, answers: 1 });
  });
});
