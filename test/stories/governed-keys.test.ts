// API keys on three replicas: a policy becomes stricter while they are created and used, and a key is narrowed.
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Revocation } from '../support/history.ts';
import { type Credential, Installation } from '../support/installation.ts';
import type { ReplicaProcess, Reply } from '../support/replica-process.ts';
import { until } from '../support/until.ts';
import { inSeconds, times } from '../support/values.ts';

const DAY = 86_400;
const REPLICAS = 3;

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('on three replicas', { timeout: 120_000 }, () => {
  let rekey: Installation;

  beforeAll(async () => {
    rekey = await Installation.start({ leaseMs: 2000 });
  });
  afterEach(async () => {
    // What it ended stays ended. Without a bound, a key of the next test lives.
    await rekey.postgres.query(`update credential_policies
        set maximum_lifetime_seconds = null, idle_seconds = null, requires_expiry = false`);
    await rekey.assertPromiseHeld();
  });
  afterAll(() => rekey?.destroy());

  const replica = (index: number) => rekey.replicas[index % REPLICAS]!;

  describe('a policy that becomes stricter', () => {
    const keysOf = (workspaceId: string, count: number, input: object = {}) =>
      Promise.all(times(count, (index) => rekey.apiKey({ workspaceId, ...input }, rekey.admin, replica(index))));

    /** Moves the creation of these keys into the past. The expiry stays. */
    async function age(keys: Credential[], seconds: number): Promise<void> {
      const ids = keys.map(({ id }) => id);
      const sql = 'update api_keys set created_at = created_at - make_interval(secs => $2) where id = any($1)';
      await rekey.postgres.query(sql, [ids, seconds]);
    }

    /** Moves the last use of these keys into the past. Uses that a replica writes later are dropped. */
    async function unuse(keys: Credential[]): Promise<void> {
      const ids = keys.map(({ id }) => `'${id}'`).join(', ');
      await rekey.postgres.query(`
        lock table credential_usage in share row exclusive mode;
        update credential_usage set last_used_at = now() - interval '9 days' where credential_id in (${ids});
        create function drop_use() returns trigger language plpgsql as 'begin return null; end';
        create trigger drop_uses before insert or update on credential_usage for each row
          when (new.credential_id in (${ids})) execute function drop_use()`);
    }

    /** Creates keys at one replica, one after the other, until it is stopped. Returns those without an expiry. */
    function creating(at: ReplicaProcess, workspaceId: string, used: Credential[]) {
      const without: Credential[] = [];
      let stopped = false;
      let refused = 0;
      const query = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename
        ... on CreateApiKeySuccess { secret apiKey { id } } ... on InvalidInputError { fields { path } } } }`;
      const work = async () => {
        for (let turn = 0; !stopped; turn++) {
          const expiresAt = turn % 2 === 0 ? null : inSeconds(3600);
          const input = { name: 'raced', workspaceId, expiresAt };
          const { data } = await at.graphql(query, { input }, rekey.admin.accessToken);
          const { __typename, secret, apiKey } = data.createApiKey;
          if (__typename === 'CreateApiKeySuccess') {
            const key = { id: apiKey.id, secret };
            used.push(key);
            if (expiresAt === null) without.push(key);
          } else if (expiresAt === null) refused++;
          else throw new Error(`A key with an expiry was refused: ${JSON.stringify(data)}`);
        }
      };
      const done = work();
      return {
        without,
        refused: () => refused,
        stop: () => {
          stopped = true;
          return done;
        },
      };
    }

    async function tightenDuringCreations(round: number, policy: { workspaceId?: string }, workspaceId: string) {
      const [old, young] = [
        await keysOf(workspaceId, 3, { expiresAt: inSeconds(30 * DAY) }),
        await keysOf(workspaceId, 3, { expiresAt: inSeconds(600) }),
      ];
      await age(old, 2 * DAY);
      await rekey.warmCaches(...old, ...young);
      const used = [...old, ...young];
      const load = rekey.load(used);
      const creators = rekey.replicas.map((each) => creating(each, workspaceId, used));
      await until('every replica creates keys', () => creators.every(({ without }) => without.length > 1));
      const bounds = { ...policy, maximumLifetimeSeconds: DAY, requiresExpiry: true };
      const { revocation, receipt, endedCount } = await rekey.tighten(replica(round), bounds, old);
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: REPLICAS });
      await until('every replica refuses a key without an expiry', () =>
        creators.every(({ refused }) => refused() > 1),
      );
      await Promise.all(creators.map(({ stop }) => stop()));
      await load.stop();
      const over = [...old, ...creators.flatMap(({ without }) => without)];
      // Each creation was before the policy, and was ended by it, or after it, and was refused.
      revocation.secrets.push(...over.map(({ secret }) => secret));
      for (const verdict of await rekey.verifyEverywhere(...over)) expect(verdict).toBe('refused');
      await rekey.warmCaches(...used.filter((key) => !over.includes(key)));
      return { over, endedCount };
    }

    test('of a workspace: no key over a bound is accepted after the answer, whenever it was created', async () => {
      for (let round = 0; round < 6; round++) {
        const workspaceId = await rekey.workspace();
        const { over, endedCount } = await tightenDuringCreations(round, { workspaceId }, workspaceId);
        expect(endedCount).toBe(over.length);
      }
    });

    test('of the installation: the same, for the keys of every workspace', async () => {
      const bystander = await rekey.apiKey({ expiresAt: inSeconds(600) });
      await rekey.warmCaches(bystander);
      await tightenDuringCreations(1, {}, await rekey.workspace());
      await rekey.warmCaches(bystander);
    });

    test('by a bound on idle keys: an unused key is refused on every replica, and a used one is not', async () => {
      const workspaceId = await rekey.workspace();
      const [unused, used] = [await keysOf(workspaceId, 3), await keysOf(workspaceId, 3)];
      await age([...unused, ...used], 10 * DAY);
      await rekey.warmCaches(...unused, ...used);
      // All were used just now. The database decides, and the replicas write the uses within seconds.
      await until('the uses are written', async () => {
        const ids = [...unused, ...used].map(({ id }) => id);
        const rows = await rekey.postgres.query(
          'select 1 from credential_usage where credential_id = any($1) and last_used_at is not null',
          [ids],
        );
        return rows.length === ids.length;
      });
      await unuse(unused);
      const { endedCount } = await rekey.tighten(replica(2), { workspaceId, idleSeconds: DAY }, unused);
      expect(endedCount).toBe(unused.length);
      for (const verdict of await rekey.verifyEverywhere(...unused)) expect(verdict).toBe('refused');
      await rekey.warmCaches(...used);
    });

    describe('in plain SQL', () => {
      const POLICIES: [string, string][] = [
        [
          'a new policy',
          `insert into credential_policies (subject, workspace_id, maximum_lifetime_seconds) values ($1, $1, ${DAY})`,
        ],
        ['a stricter bound', `update credential_policies set maximum_lifetime_seconds = ${DAY} where subject = $1`],
        ['a required expiry', 'update credential_policies set requires_expiry = true where subject = $1'],
        [
          'the policy of another workspace',
          `update credential_policies set subject = $1, workspace_id = $1 where subject = $2`,
        ],
      ];

      test.each(POLICIES)('%s: every replica refuses what is over it within a lease', async (what, sql) => {
        const [workspaceId, other] = [await rekey.workspace(), await rekey.workspace()];
        const set = (id: string, maximumLifetimeSeconds: number) =>
          rekey.tighten(replica(0), { workspaceId: id, maximumLifetimeSeconds }, []);
        if (sql.startsWith('update')) await set(sql.includes('$2') ? other : workspaceId, 5 * DAY);
        const old = await keysOf(workspaceId, 3);
        const young = await keysOf(workspaceId, 3, { expiresAt: inSeconds(600) });
        await rekey.postgres.query('update api_keys set expires_at = null where id = any($1)', [
          old.map(({ id }) => id),
        ]);
        await age(old, 2 * DAY);
        if (sql.includes('$2')) await age(old, 4 * DAY);
        await rekey.warmCaches(...old, ...young);
        const load = rekey.load([...old, ...young]);
        const revocation: Revocation = rekey.recordRevocation(`workspace:${workspaceId}`, old);
        await rekey.postgres.query(sql, sql.includes('$2') ? [workspaceId, other] : [workspaceId]);
        revocation.certainFrom = performance.now() + rekey.longestLeaseMs;
        await until(`every replica refuses after ${what}`, async () =>
          (await rekey.verifyEverywhere(...old)).every((verdict) => verdict === 'refused'),
        );
        await load.stop();
        // Neither a looser policy nor none makes them valid again.
        await rekey.postgres.query('delete from credential_policies where subject = $1', [workspaceId]);
        for (const verdict of await rekey.verifyEverywhere(...old)) expect(verdict).toBe('refused');
        await rekey.warmCaches(...young);
      });
    });
  });

  describe('a key that is narrowed', () => {
    const BROAD = { scopes: ['API_KEYS_READ', 'API_KEYS_WRITE'], permissions: ['deploy', 'read'] };
    const holds = (header: string, what: string) => (reply: Reply) =>
      String(reply.headers[header] ?? '')
        .split(',')
        .includes(what);
    const isAccepted = ({ status }: Reply) => status === 204;

    /** Asks every replica about a key all the time. */
    function observe({ secret }: Credential, stillHolds: (reply: Reply) => boolean) {
      const ask = (at: ReplicaProcess) => at.ask('GET', '/v1/verify', { authorization: `Bearer ${secret}` });
      let isOver = false;
      let heldUntil = 0;
      const work = async (at: ReplicaProcess) => {
        while (!isOver) {
          const began = performance.now();
          if (stillHolds(await ask(at))) heldUntil = Math.max(heldUntil, began);
        }
      };
      const done = rekey.replicas.map(work);
      return {
        /** Until no replica holds it. @returns when the last request began that did */
        async untilGone(): Promise<number> {
          await until('no replica holds it', async () => {
            const replies = await Promise.all(rekey.replicas.map(ask));
            return !replies.some(stillHolds);
          });
          isOver = true;
          await Promise.all(done);
          return heldUntil;
        },
      };
    }

    interface Way {
      what: string;
      /** Input of `updateApiKey`. */
      update: object;
      /** An assignment in plain SQL. */
      set: string;
      stillHolds: (reply: Reply) => boolean;
      staysValid: boolean;
    }
    const WAYS: Way[] = [
      {
        what: 'a scope',
        update: { scopes: ['API_KEYS_READ'] },
        set: `scopes = '{API_KEYS_READ}'`,
        stillHolds: holds('x-rekey-scopes', 'API_KEYS_WRITE'),
        staysValid: true,
      },
      {
        what: 'a permission',
        update: { permissions: ['read'] },
        set: `permissions = '{read}'`,
        stillHolds: holds('x-rekey-permissions', 'deploy'),
        staysValid: true,
      },
      {
        what: 'the address of the client',
        update: { allowedAddresses: ['192.0.2.0/24'] },
        set: `allowed_addresses = '{192.0.2.0/24}'`,
        stillHolds: isAccepted,
        staysValid: false,
      },
    ];

    test.each(WAYS)('loses $what on every replica before the answer, and within a lease of plain SQL', async (way) => {
      const { update, set, stillHolds, staysValid } = way;
      const revoked = await rekey.apiKey();
      for (let round = 0; round < REPLICAS; round++) {
        for (const inPlainSql of [false, true]) {
          const key = await rekey.apiKey(BROAD);
          await rekey.warmCaches(key, revoked);
          const observed = await observe(key, stillHolds);
          if (!staysValid) rekey.recordRevocation(`key:${key.id}`, [key]);
          if (inPlainSql) await rekey.postgres.query(`update api_keys set ${set} where id = $1`, [key.id]);
          else {
            const { receipt } = await replica(round).mutate(
              'updateApiKey',
              { apiKeyId: key.id, ...update },
              'receipt { propagation replicas }',
              rekey.admin.accessToken,
            );
            expect(receipt).toEqual({ propagation: 'ACKNOWLEDGED', replicas: REPLICAS });
          }
          const changed = performance.now();
          const heldUntil = await observed.untilGone();
          expect(heldUntil - changed).toBeLessThan(inPlainSql ? rekey.longestLeaseMs : 0);
          const verdict = staysValid ? 'accepted' : 'refused';
          for (const each of await rekey.verifyEverywhere(key)) expect(each).toBe(verdict);
        }
      }
      await rekey.revoke(replica(1), revoked);
    });
  });
});
