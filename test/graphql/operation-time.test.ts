// The time of an operation: when it is over, reads stop, and a change is either finished or has changed nothing.
import { request } from 'node:http';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import type { GraphQLContext } from '../../src/graphql/context.ts';
import { type Account, backends, startTestApp, type TestApp } from '../support/app.ts';
import { holdNextCommit } from '../support/gates.ts';
import { EventStream, Socket } from '../support/live.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { until } from '../support/until.ts';

const QUERY_STOPPED = {
  message: 'The operation took too long and was stopped. Request fewer fields or shorter pages.',
  extensions: { code: 'TOO_SLOW' },
};
const FIELD_STOPPED = {
  message: 'The operation took too long and was stopped. This field has changed nothing. Try again, with fewer fields.',
  extensions: { code: 'TOO_SLOW' },
};
/** No test waits for so long. */
const NEVER = 600_000;
const SOON = 200;
/** Enough for a request that waits for nothing, also on a busy machine. */
const LATER = 1000;

const TYPES = `
  extend type Query {
    "Waits for the gate."
    waits: Int @public
    "Waits for the gate, then reads."
    reads: Int @public
  }
  extend type Mutation {
    "Makes a limit in a transaction that waits for the gate between two statements."
    changes(name: String! @constraint(maxLength: 50)): Int @public
    "Waits for the gate, without a transaction."
    hangs: Int @public
  }
  extend type Subscription { counts: Int @public }`;

/** Fields that wait for the test. */
class Fields {
  /** How many have waited, or wait. */
  begun = 0;
  /** How many have read after the gate was opened, and how many could not. */
  readonly reads: string[] = [];
  readonly transactions: string[] = [];
  readonly #gate = Promise.withResolvers<void>();

  open(): void {
    this.#gate.resolve();
  }

  async #pass(): Promise<void> {
    this.begun++;
    await this.#gate.promise;
  }

  readonly resolvers = {
    Query: {
      waits: async () => {
        await this.#pass();
        return 1;
      },
      reads: async (_parent: unknown, _args: unknown, { em }: GraphQLContext) => {
        await this.#pass();
        await em()
          .execute('select 1')
          .then(
            () => this.reads.push('read'),
            () => this.reads.push('failed'),
          );
        return 1;
      },
    },
    Mutation: {
      changes: async (_parent: unknown, { name }: { name: string }, context: GraphQLContext) => {
        const work = context.unitOfWork().withoutCaller();
        const change = async () => {
          await work.em.execute('insert into auth_limits (key, times, passed) values (?, array[now()], true)', [name]);
          await this.#pass();
          await work.em.execute('update auth_limits set passed = false where key = ?', [name]);
        };
        const record = (outcome: string) => () => void this.transactions.push(outcome);
        const done = work.transaction(change);
        await done.then(record('committed'), record('rolled back'));
        await done;
        return 1;
      },
      hangs: async () => {
        await this.#pass();
        return 1;
      },
    },
    Subscription: {
      counts: {
        subscribe: async function* (this: void) {
          yield 1;
          await new Promise((resolve) => setTimeout(resolve, 2 * SOON)); // Longer than an operation may take.
          yield 2;
        },
        resolve: (value: unknown) => value,
      },
    },
  };
}

describe.each(backends())('on $name', ({ start }) => {
  afterEach(() => vi.restoreAllMocks());

  async function started(operationMs: number): Promise<{ app: TestApp; fields: Fields }> {
    const fields = new Fields();
    const schema = { typeDefs: TYPES, resolvers: fields.resolvers };
    const app = await start({ overrides: { operationMs, schema } });
    onTestFinished(async () => {
      fields.open();
      await app.close();
    });
    return { app, fields };
  }
  const limits = async (app: TestApp) =>
    (await app.sql("select key from auth_limits where key like 'made %' order by key")).map(({ key }) => key);
  const changes = (...names: string[]) =>
    `mutation { ${names.map((name, i) => `a${i}: changes(name: "made ${name}")`).join(' ')} }`;

  /** Sends an operation, and disconnects as soon as it waits. Resolves when the service has noticed. */
  async function abandon(app: TestApp, fields: Fields, query: string): Promise<void> {
    const closed = Promise.withResolvers<void>();
    const sent = request(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    sent.on('error', () => undefined);
    sent.end(JSON.stringify({ query }));
    const begun = fields.begun;
    await until('the operation waits', () => fields.begun > begun);
    sent.once('close', () => closed.resolve());
    sent.destroy();
    await closed.promise;
    await app.accepts('rka_'.padEnd(40, '0')); // A later request is handled after the end of the connection.
  }

  describe('when the time is over', () => {
    test('a query is answered with TOO_SLOW, although it still waits', async () => {
      const { app } = await started(SOON);
      const { status, data, errors, headers } = await app.graphql('{ waits }');
      expect({ status, data, errors }).toEqual({ status: 200, data: null, errors: [QUERY_STOPPED] });
      const lines = app.log
        .filter((line) => line.includes(headers.get('x-request-id')!))
        .map((line) => JSON.parse(line));
      expect(lines.filter(({ level }) => !['debug', 'info'].includes(level))).toMatchObject([
        { level: 'warn', msg: 'an operation took too long' },
      ]);
    });

    test('a query reads nothing more', async () => {
      const { app, fields } = await started(SOON);
      expect((await app.graphql('{ reads }')).errors).toEqual([QUERY_STOPPED]);
      fields.open();
      await until('the field goes on', () => fields.reads.length > 0);
      expect(fields.reads).toEqual(['failed']);
    });

    test('a change that has not begun to commit is rolled back, and its field says so', async () => {
      const { app, fields } = await started(SOON);
      const { data, errors } = await app.graphql(changes('one'));
      expect({ data, errors }).toEqual({
        data: { a0: null },
        errors: [{ ...FIELD_STOPPED, path: ['a0'], locations: [expect.any(Object)] }],
      });
      fields.open();
      await until('the transaction has ended', () => fields.transactions.length > 0);
      expect([fields.transactions, await limits(app)]).toEqual([['rolled back'], []]);
    });

    test('a mutation is answered also where it hangs outside of a transaction', async () => {
      const { app } = await started(SOON);
      expect((await app.graphql('mutation { hangs }')).errors).toMatchObject([FIELD_STOPPED]);
    });

    test('the fields of a mutation that have not begun never begin', async () => {
      const { app, fields } = await started(SOON);
      const { errors } = await app.graphql(changes('one', 'two', 'three'));
      expect(errors?.map(({ path, message }) => [path, message])).toEqual([
        [['a0'], FIELD_STOPPED.message],
        [['a1'], FIELD_STOPPED.message],
        [['a2'], FIELD_STOPPED.message],
      ]);
      fields.open();
      await until('the transaction has ended', () => fields.transactions.length > 0);
      expect([fields.begun, await limits(app)]).toEqual([1, []]);
    });

    test('a change that commits is finished and answered, and no further field begins', async () => {
      const { app, fields } = await started(LATER);
      fields.open();
      const gate = holdNextCommit();
      const answering = app.graphql(changes('one', 'two'));
      await gate.reached;
      await until('the time is over', () => app.log.some((line) => line.includes('took too long')));
      gate.open();
      const { data, errors } = await answering;
      expect(data).toEqual({ a0: 1, a1: null });
      expect(errors?.map(({ path, extensions }) => [path, extensions])).toEqual([[['a1'], FIELD_STOPPED.extensions]]);
      expect(await limits(app)).toEqual(['made one']);
    });

    test('a revocation waits for its propagation and returns its receipt', async () => {
      const { app } = await started(LATER);
      const admin = await app.admin();
      const { id, secret } = await app.apiKey(admin);
      // A replica that never confirms: its lease must expire first.
      await app.sql(`insert into auth_replica (id, lease_ms) values (gen_random_uuid(), ${2 * LATER})`);
      const { receipt } = await app.as(admin).revokeApiKey({ apiKeyId: id }).expectSuccess();
      expect(receipt.propagation).toBe('LEASE_EXPIRED');
      expect(app.log.some((line) => line.includes('took too long'))).toBe(true);
      expect(await app.accepts(secret)).toBe(false);
    });

    test('the places of the stopped work are free again', async () => {
      const { app, fields } = await started(LATER);
      const admin = await app.admin();
      const names = Array.from({ length: 12 }, (_, i) => `of ${i}`);
      const stopped = await Promise.all(names.map((name) => app.graphql(changes(name))));
      for (const { errors } of stopped) expect(errors?.[0]?.extensions.code).toMatch(/^(TOO_SLOW|RATE_LIMITED)$/);
      fields.open();
      await until('a change succeeds', async () => {
        const { errors } = await app.graphql(changes('later'));
        return !errors;
      });
      expect(await limits(app)).toEqual(['made later']);
      expect((await app.graphql('{ viewer { scopes } }', {}, { bearer: admin.accessToken })).errors).toBeUndefined();
    });

    test('over a WebSocket, the answers are the same', async () => {
      const { app, fields } = await started(SOON);
      const socket = await Socket.open(app.url);
      expect(await socket.execute('{ waits }')).toEqual({ data: null, errors: [QUERY_STOPPED] });
      expect((await socket.execute(changes('one'))).errors).toMatchObject([FIELD_STOPPED]);
      fields.open();
      await until('the transaction has ended', () => fields.transactions.length > 0);
      expect(await limits(app)).toEqual([]);
      await socket.close();
    });

    test('subscriptions last', async () => {
      const { app } = await started(SOON);
      const stream = await EventStream.open(app.url, { query: 'subscription { counts }' });
      const socket = await Socket.open(app.url);
      socket.subscribe({ query: 'subscription { counts }' });
      for (const counts of [1, 2]) {
        expect(await stream.next()).toEqual({ data: { counts } });
        expect(await socket.next()).toEqual({ data: { counts } });
      }
      stream.close();
      await socket.close();
    });
  });

  describe('when the client disconnects', () => {
    test('a query reads nothing more', async () => {
      const { app, fields } = await started(NEVER);
      await abandon(app, fields, '{ reads }');
      fields.open();
      await until('the field goes on', () => fields.reads.length > 0);
      expect(fields.reads).toEqual(['failed']);
    });

    test('the field of a mutation that has begun is finished, and no further one begins', async () => {
      const { app, fields } = await started(NEVER);
      await abandon(app, fields, changes('one', 'two'));
      fields.open();
      await until('the transaction has ended', () => fields.transactions.length > 0);
      await until('the first field is done', async () => (await limits(app)).length > 0);
      expect([fields.transactions, fields.begun, await limits(app)]).toEqual([['committed'], 1, ['made one']]);
    });

    test('the same over a WebSocket', async () => {
      const { app, fields } = await started(NEVER);
      const socket = await Socket.open(app.url);
      socket.subscribe({ query: '{ reads }' });
      socket.subscribe({ query: changes('one', 'two') });
      await until('both wait', () => fields.begun === 2);
      await socket.close();
      await until('the service has noticed', () => app.app.live.size === 0);
      fields.open();
      await until('both have ended', () => fields.transactions.length > 0 && fields.reads.length > 0);
      expect([fields.reads, fields.transactions]).toEqual([['failed'], ['committed']]);
      expect([fields.begun, await limits(app)]).toEqual([2, ['made one']]);
    });
  });

  test('an operation within its time is answered as ever', async () => {
    const { app, fields } = await started(NEVER);
    fields.open();
    expect((await app.graphql('{ waits reads }')).data).toEqual({ waits: 1, reads: 1 });
    expect((await app.graphql(changes('one', 'two'))).data).toEqual({ a0: 1, a1: 1 });
    expect(await limits(app)).toEqual(['made one', 'made two']);
  });
});

describe.skipIf(!inject('postgresUrl'))('on PostgreSQL, where a statement waits for a lock', () => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    const databaseUrl = await migratedDatabase();
    app = await startTestApp({ databaseUrl, redisUrl: null, overrides: { operationMs: LATER } });
    admin = await app.admin();
  });
  afterAll(() => app?.close());

  /** Executes statements in a transaction, which stays open until the returned function is called. */
  async function hold(...statements: string[]): Promise<() => Promise<void>> {
    const holder = new pg.Client({ connectionString: app.app.config.databaseUrl! });
    await holder.connect();
    onTestFinished(() => holder.end().catch(() => undefined));
    for (const statement of ['begin', ...statements]) await holder.query(statement);
    return async () => void (await holder.query('rollback'));
  }
  const open = async () =>
    (
      await app.sql(`select count(*)::int as n from pg_stat_activity where datname = current_database()
        and pid <> pg_backend_pid() and (wait_event_type = 'Lock' or state like 'idle in transaction%')`)
    )[0].n;
  const names = () => app.graphql('{ apiKeys(first: 1) { nodes { id } } }', {}, { bearer: admin.accessToken });
  const create = (name: string) =>
    app.graphql(
      'mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { __typename } }',
      { input: { name } },
      { bearer: admin.accessToken },
    );

  test('queries are answered in time, more than there are connections, and the connections are free again', async () => {
    const release = await hold('lock table api_keys in access exclusive mode');
    const answers = await Promise.all(Array.from({ length: 30 }, names));
    for (const { data, errors } of answers) expect({ data, errors }).toEqual({ data: null, errors: [QUERY_STOPPED] });
    await release();
    await until('no statement waits', async () => (await open()) === 0);
    for (const { errors } of await Promise.all(Array.from({ length: 30 }, names))) expect(errors).toBeUndefined();
  });

  test('a change is answered in time and is not made, and its transaction ends', async () => {
    const release = await hold('lock table workspaces in exclusive mode');
    const { errors } = await create('too slow');
    expect(errors).toMatchObject([{ ...FIELD_STOPPED, path: ['createWorkspace'] }]);
    await release();
    await until('no transaction is open', async () => (await open()) === 0);
    expect(await app.sql("select from workspaces where name = 'too slow'")).toEqual([]);
    expect((await create('in time')).data.createWorkspace.__typename).toBe('CreateWorkspaceSuccess');
  });
});
