import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { newId } from '../../src/kernel/ids.ts';
import { Workspace } from '../../src/workspaces/workspace.entity.ts';
import { backends, type TestApp } from '../support/app.ts';

const ORIGIN = { ipAddress: null, userAgent: null, requestId: 'a-request-of-the-tests' };
const CALLER = { kind: 'session', credentialId: 'ses_0', proof: 'p', userId: 'usr_0' } as unknown as Principal;
const raise = (state: string) => `do $$ begin raise exception 'on purpose' using errcode = '${state}'; end $$`;
const aWorkspace = () => Workspace.create({ id: newId('wsp'), name: 'w', createdAt: new Date() });

describe.each(backends())('a unit of work on $name', ({ name, start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const unitOfWork = (principal: Principal | null = null, confirmed = true) =>
    new UnitOfWork(app.app.database.fork(), principal, ORIGIN, async () => confirmed);
  const exists = async ({ id }: Workspace) => (await app.sql('select 1 from workspaces where id = ?', [id])).length > 0;

  /** Makes the commit of a new workspace fail `times` times. A rollback does not reset the sequence that counts them. */
  async function failingCommits(workspace: Workspace, state: string, times: number) {
    const name = `failing_${workspace.id.slice(4).toLowerCase()}`;
    await app.sql(`create sequence ${name}`);
    await app.sql(`create function ${name}() returns trigger language plpgsql as $$
      begin
        if nextval('${name}') <= ${times} then raise exception 'on purpose' using errcode = '${state}'; end if;
        return null;
      end $$`);
    await app.sql(`create constraint trigger ${name} after insert on workspaces deferrable initially deferred
      for each row when (new.id = '${workspace.id}') execute function ${name}()`);
    onTestFinished(async () => {
      await app.sql(`drop function ${name} cascade`);
      await app.sql(`drop sequence ${name}`);
    });
    return async () => Number((await app.sql(`select last_value from ${name}`))[0].last_value);
  }

  test('flushes and commits the changes, and returns the result', async () => {
    const work = unitOfWork();
    const workspace = aWorkspace();
    const outcome = await work.transaction(async () => {
      work.em.persist(workspace);
      return 'done';
    });
    expect(outcome).toBe('done');
    expect(await exists(workspace)).toBe(true);
  });

  // The embedded database has one session, where one transaction waits for the other, and its driver has no such option.
  test.skipIf(name === 'the embedded database')('names the isolation level of every transaction', async () => {
    const own = await start();
    onTestFinished(() => own.close());
    // On every connection of the pool, after the start-up packet.
    await Promise.all(Array.from({ length: 20 }, () => own.sql(`set default_transaction_isolation = 'serializable'`)));
    const work = new UnitOfWork(own.app.database.fork(), null, ORIGIN, async () => true);
    const current = await work.transaction(async () => {
      const [row] = await work.em.execute(`select current_setting('default_transaction_isolation') as session,
        current_setting('transaction_isolation') as transaction`);
      return row;
    });
    expect(current).toEqual({ session: 'serializable', transaction: 'read committed' });
  });

  test('rolls everything back if the work throws, including flushed changes', async () => {
    const work = unitOfWork();
    const [flushed, persisted] = [aWorkspace(), aWorkspace()];
    const failing = work.transaction(async () => {
      await work.em.persist(flushed).flush();
      work.em.persist(persisted);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect([await exists(flushed), await exists(persisted)]).toEqual([false, false]);
  });

  test('never shows uncommitted changes to other requests', async () => {
    const member = await app.member();
    const key = await app.apiKey(member); // Not cached yet: the first use reads the database.
    const em = app.app.database.fork();
    await em.begin();
    await em.execute('update api_keys set revoked_at = now() where id = ?', [key.id]);
    const accepted = app.accepts(key.secret);
    await em.rollback();
    expect(await accepted).toBe(true);
  });

  test.each(['40001', '40P01'])(
    'retries from the start after a conflict with another transaction (%s)',
    async (state) => {
      const work = unitOfWork();
      const made: Workspace[] = [];
      await work.transaction(async () => {
        const workspace = aWorkspace();
        made.push(workspace);
        work.em.persist(workspace);
        await work.em.flush();
        if (made.length < 3) await work.em.execute(raise(state));
      });
      expect(made).toHaveLength(3);
      expect(await Promise.all(made.map(exists))).toEqual([false, false, true]);
    },
  );

  test('retries after a conflict at commit', async () => {
    const workspace = aWorkspace();
    const commits = await failingCommits(workspace, '40001', 2);
    const work = unitOfWork();
    await work.transaction(async () => void work.em.persist(Workspace.create(workspace)));
    expect(await commits()).toBe(3);
    expect(await exists(workspace)).toBe(true);
  });

  test('fails after three conflicts, and at once after any other error', async () => {
    for (const [state, attempts] of [
      ['40001', 3],
      ['23505', 1],
    ] as const) {
      const work = unitOfWork();
      let tries = 0;
      const failing = work.transaction(async () => {
        tries++;
        await work.em.execute(raise(state));
      });
      await expect(failing).rejects.toMatchObject({ code: state });
      expect(tries).toBe(attempts);
    }
  });

  test('waits before each retry, but not after the last attempt', async () => {
    const pauses: number[] = [];
    const pause = async (attempt: number) => void pauses.push(attempt);
    const work = new UnitOfWork(app.app.database.fork(), null, ORIGIN, async () => true, { pause });
    await expect(work.transaction(() => work.em.execute(raise('40001')))).rejects.toMatchObject({ code: '40001' });
    expect(pauses).toEqual([1, 2]);
    // Also without the caller.
    const other = work.withoutCaller();
    await expect(other.transaction(() => work.em.execute(raise('40P01')))).rejects.toMatchObject({ code: '40P01' });
    expect(pauses).toEqual([1, 2, 1, 2]);
  });

  test('runs in a READ COMMITTED transaction, whatever the session default is', async () => {
    const em = app.app.database.fork();
    const work = new UnitOfWork(em, null, ORIGIN, async () => true);
    const isolation = await work.transaction(() =>
      em.execute(`select current_setting('transaction_isolation') as level`),
    );
    expect(isolation).toEqual([{ level: 'read committed' }]);
  });

  test('F0.3: fails if the database rejects the commit, and returns its connection to the pool', async () => {
    const workspace = aWorkspace();
    await failingCommits(workspace, '23514', 1000);
    for (let attempt = 0; attempt < 12; attempt++) {
      const work = unitOfWork();
      const failing = work.transaction(async () => void work.em.persist(Workspace.create(workspace)));
      await expect(failing).rejects.toMatchObject({ code: '23514' });
    }
    expect(await exists(workspace)).toBe(false);
  });

  test('rejects a caller that is not confirmed, before any work', async () => {
    let worked = false;
    const refused = unitOfWork(CALLER, false).transaction(async () => {
      worked = true;
    });
    await expect(refused).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(worked).toBe(false);
  });

  test('confirms the caller in the transaction of the work, once per attempt', async () => {
    const seen: string[] = [];
    const transactionOf = async (em: UnitOfWork['em']) =>
      (await em.execute('select pg_current_xact_id()::text as id'))[0]!.id as string;
    const work = new UnitOfWork(app.app.database.fork(), CALLER, ORIGIN, async (em, caller, changing) => {
      expect([caller, changing]).toEqual([CALLER, 'key_0']);
      seen.push(await transactionOf(em));
      return true;
    });
    await work.transaction(async () => {
      expect(await transactionOf(work.em)).toBe(seen.at(-1));
      if (seen.length < 2) await work.em.execute(raise('40001'));
    }, 'key_0');
    expect(new Set(seen).size).toBe(2);
  });

  test('has no caller without a credential', () => {
    expect(() => unitOfWork().caller).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
  });
});

// The embedded database has one connection: transactions cannot conflict, and the process ends with the connection.
describe.each(backends().filter(({ name }) => name.startsWith('PostgreSQL')))(
  'a unit of work on $name',
  ({ start }) => {
    let app: TestApp;
    beforeAll(async () => {
      app = await start();
    });
    afterAll(() => app.close());

    const unitOfWork = () => new UnitOfWork(app.app.database.fork(), null, ORIGIN, async () => true);
    const TERMINATE = 'select pg_terminate_backend(pg_backend_pid()), pg_sleep(10)';

    test('retries a deadlock until both transactions succeed', async () => {
      const bothHold = Promise.withResolvers<void>();
      let holding = 0;
      const lock = (number: number) => `select pg_advisory_xact_lock(${number})`;
      const crossing = (first: number, second: number) => {
        const work = unitOfWork();
        let tries = 0;
        return work.transaction(async () => {
          await work.em.execute(lock(first));
          if (tries++ === 0 && ++holding === 2) bothHold.resolve();
          await bothHold.promise;
          await work.em.execute(lock(second));
          return tries;
        });
      };
      const tries = await Promise.all([crossing(1, 2), crossing(2, 1)]);
      expect(tries.toSorted()).toEqual([1, 2]);
    });

    test('replaces every connection that the server terminates', async () => {
      for (let attempt = 0; attempt < 12; attempt++) {
        const work = unitOfWork();
        await expect(work.transaction(() => work.em.execute(TERMINATE))).rejects.toThrow();
      }
      expect(await unitOfWork().transaction(async () => 'still there')).toBe('still there');
      expect(await app.sql('select 1 as one')).toEqual([{ one: 1 }]);
    });

    test('F0.3: reports an unknown outcome if the response to the commit is lost', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      await app.sql(`create function terminate_connection() returns trigger language plpgsql as $$
      begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return null; end $$`);
      await app.sql(`create constraint trigger terminate_connection after update on api_keys deferrable initially deferred
      for each row when (new.id = '${key.id}') execute function terminate_connection()`);
      const document = 'mutation ($id: ID!) { rotateApiKey(input: { apiKeyId: $id }) { __typename } }';
      for (let attempt = 0; attempt < 12; attempt++) {
        const { data, errors } = await app.graphql(document, { id: key.id }, { bearer: member.accessToken });
        expect(data ?? null).toBeNull();
        expect(errors?.[0]?.extensions).toEqual({ code: 'OUTCOME_UNKNOWN' });
      }
      await app.sql('drop function terminate_connection cascade');
      expect(await app.accepts(key.secret)).toBe(true);
      const result = await app.mutate('rotateApiKey', { apiKeyId: key.id }, '', { bearer: member.accessToken });
      expect(result.__typename).toBe('RotateApiKeySuccess');
    });
  },
);
