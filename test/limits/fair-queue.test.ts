import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AccessError, tooMany } from '../../src/identity/access-error.ts';
import { FairQueue, type FairQueueOptions } from '../../src/limits/fair-queue.ts';

const OPTIONS = { atOnce: 4, perOwner: 2, perKey: 2, waitingPerOwner: 1000, waiting: 5000, longestWaitMs: 2000 };

/** A queue whose work ends when the test says so. */
function given(options: Partial<FairQueueOptions> = {}) {
  const queue = new FairQueue({ ...OPTIONS, ...options });
  const started: string[] = [];
  const running: { name: string; end: (error?: Error) => void }[] = [];
  const asks = (name: string, { owner = name, key = name, pauseMs = 0 } = {}) => {
    const answered = queue.run({ owner, key, pauseMs }, () => {
      started.push(name);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      running.push({ name, end: (error) => (error ? reject(error) : resolve()) });
      return promise;
    });
    answered.catch(() => undefined); // The test checks the result later.
    return answered;
  };
  /** Ends the work that has run for longest, of this name if one is given. */
  const ends = async (name?: string, error?: Error) => {
    const index = running.findIndex((each) => name === undefined || each.name === name);
    running.splice(index, 1)[0]!.end(error);
    await settled();
  };
  return { queue, started, running, asks, ends };
}

/** Resolves when every promise that needs no timer has continued. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

const many = (count: number, ask: () => Promise<void>) => Array.from({ length: count }, ask);
const codeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 'done',
    (error: AccessError) => error.code,
  );

beforeEach(() => vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a fair queue', () => {
  test('a flood of one owner takes half of the places, and the next owner starts at once', async () => {
    const { started, asks } = given();
    many(400, () => asks('flood'));
    expect(started).toEqual(['flood', 'flood']);
    asks('quiet');
    expect(started.at(-1)).toBe('quiet');
  });

  test('if every place is taken, a quiet owner gets the next one before all owners that wait already', async () => {
    const { started, asks, ends } = given();
    for (const flood of ['a', 'b', 'c']) many(50, () => asks(flood));
    await ends('a');
    await ends('b');
    started.length = 0;
    asks('quiet');
    await ends('a');
    expect(started).toEqual(['quiet']);
  });

  test('fifty busy owners take turns', async () => {
    const { started, asks, ends } = given();
    for (let owner = 0; owner < 50; owner++) many(20, () => asks(`owner ${owner}`));
    for (let round = 0; round < 200; round++) await ends();
    const turns = Map.groupBy(started, (name) => name);
    expect(turns.size).toBe(50);
    const counts = [...turns.values()].map(({ length }) => length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  test('a session that floods does not delay another session of its user', async () => {
    const { started, asks, ends } = given();
    many(100, () => asks('stolen', { owner: 'usr_1' }));
    asks('own', { owner: 'usr_1' });
    started.length = 0;
    await ends();
    expect(started).toEqual(['own']);
  });

  test('a session whose work does not end leaves a place for another session of its user', async () => {
    const { started, asks } = given({ perKey: 1 });
    many(100, () => asks('stolen', { owner: 'usr_1' }));
    asks('own', { owner: 'usr_1' });
    expect(started).toEqual(['stolen', 'own']);
  });

  test('work of one key starts in the order of its calls', async () => {
    const { started, asks, ends } = given({ perOwner: 1, perKey: 1 });
    for (let i = 0; i < 5; i++) asks(`work ${i}`, { owner: 'usr_1', key: 'ses_1' });
    for (let i = 0; i < 4; i++) await ends();
    expect(started).toEqual([0, 1, 2, 3, 4].map((i) => `work ${i}`));
  });

  test('a call to a full queue is rejected at once and does not start', async () => {
    const { queue, started, asks } = given({ waitingPerOwner: 10, waiting: 12 });
    const answers = many(20, () => asks('flood'));
    expect(await Promise.all(answers.slice(12).map(codeOf))).toEqual(Array(8).fill('RATE_LIMITED'));
    await expect(answers.at(-1)).rejects.toMatchObject({ retryAfterSeconds: 1 });
    expect(started).toHaveLength(2);
    many(2, () => asks('other'));
    many(2, () => asks('other'));
    expect(await codeOf(asks('flood'))).toBe('RATE_LIMITED');
    expect(queue.size).toBe(2); // Nothing is kept of rejected calls.
  });

  test('if the queue of its user is full, a quiet session takes the place of a waiting call of a busy one', async () => {
    const { started, asks, ends } = given({ perKey: 1, waitingPerOwner: 10 });
    const of = (key: string) => () => asks(key, { owner: 'user', key });
    const [stolen, made] = [many(7, of('stolen')), many(7, of('made by it'))];
    const owner = asks('owner', { owner: 'user', key: 'owner' });
    await settled();
    for (let rounds = 0; rounds < 3; rounds++) await ends();
    expect(started).toContain('owner');
    await ends('owner');
    expect(await codeOf(owner)).toBe('done');
    const codes: string[] = [];
    for (const answer of [...stolen, ...made]) void codeOf(answer).then((code) => codes.push(code));
    await settled();
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(3);
  });

  test('if the whole queue is full, a quiet owner takes the place of a waiting call of a busy one', async () => {
    const { started, asks, ends } = given({ waiting: 20 });
    for (const flood of ['a', 'b']) many(12, () => asks(flood));
    const quiet = asks('quiet');
    await ends();
    expect(started).toContain('quiet');
    await ends('quiet');
    expect(await codeOf(quiet)).toBe('done');
  });

  test('a call that waits for too long gets RATE_LIMITED if its owner had turns meanwhile, else AUTHENTICATION_UNAVAILABLE', async () => {
    const { running, asks, ends } = given();
    many(2, () => asks('a'));
    many(2, () => asks('b'));
    const waiting = [...many(2, () => asks('a')), asks('b'), asks('quiet')];
    const codes = Promise.all(waiting.map(codeOf));
    await ends('a'); // The quiet owner gets its place.
    await ends('b');
    await ends('quiet');
    vi.advanceTimersByTime(2000);
    while (running.length > 0) await ends();
    expect(await codes).toEqual(['done', 'RATE_LIMITED', 'done', 'done']);

    const stuck = given();
    for (const owner of ['c', 'd']) many(2, () => stuck.asks(owner));
    const behind = [stuck.asks('c'), stuck.asks('quiet')].map(codeOf);
    vi.advanceTimersByTime(2000);
    expect(await Promise.all(behind)).toEqual(['AUTHENTICATION_UNAVAILABLE', 'AUTHENTICATION_UNAVAILABLE']);
  });

  test('a credential that exceeded its rate pauses: its further calls wait, and those of others do not', async () => {
    const { started, asks, ends } = given();
    many(10, () => asks('flood', { owner: 'usr_1', pauseMs: 250 }));
    await ends('flood', tooMany(60));
    await ends('flood', tooMany(60));
    expect(started).toHaveLength(2);
    asks('own', { owner: 'usr_1' });
    expect(started.at(-1)).toBe('own');
    vi.advanceTimersByTime(250);
    await settled();
    expect(started.filter((name) => name === 'flood')).toHaveLength(3); // The user has two places.
  });

  test('an error of the work rejects the call, and frees its place', async () => {
    const { started, asks, ends } = given({ atOnce: 1, perOwner: 1, perKey: 1 });
    const [failing] = [asks('one'), asks('two')];
    await ends('one', new Error('on purpose'));
    await expect(failing).rejects.toThrow('on purpose');
    expect(started).toEqual(['one', 'two']);
  });

  test('in any order of events, no maximum is exceeded, every call returns, and nothing is kept', async () => {
    const event = fc.oneof(
      fc.record({ asks: fc.integer({ min: 0, max: 5 }), key: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ ends: fc.nat(), refused: fc.boolean() }),
      fc.record({ passes: fc.integer({ min: 1, max: 1500 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 80 }), async (events) => {
        const { queue, running, asks, ends } = given({ waitingPerOwner: 6, waiting: 20 });
        const answers: Promise<unknown>[] = [];
        for (const each of events) {
          if ('asks' in each) {
            const owner = `usr_${each.asks}`;
            answers.push(codeOf(asks(owner, { owner, key: `${owner} ${each.key}`, pauseMs: 100 })));
          } else if ('ends' in each) {
            if (running.length > 0) {
              const { name } = running[each.ends % running.length]!;
              await ends(name, each.refused ? tooMany(1) : undefined);
            }
          } else vi.advanceTimersByTime(each.passes);
          await settled();
          expect(running.length).toBeLessThanOrEqual(4);
          const perOwner = Map.groupBy(running, ({ name }) => name);
          for (const own of perOwner.values()) expect(own.length).toBeLessThanOrEqual(2);
        }
        for (let rounds = 0; rounds < 1000 && queue.size > 0; rounds++) {
          if (running.length > 0) await ends();
          vi.advanceTimersByTime(100);
          await settled();
        }
        expect(queue.size).toBe(0);
        await Promise.all(answers);
      }),
    );
  });
});
