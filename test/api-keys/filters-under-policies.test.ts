// Filters read indexes, and the fields of a key are computed from its policies. Both must say the same.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiKeyFilter } from '../../src/client/index.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { randomFrom } from '../support/random.ts';

const DAY = 86_400;
const KEYS = 48;
const POLICIES = 3;
const DAY_MS = DAY * 1000;

describe.each(backends())('the filters of `apiKeys` under policies, on $name', { timeout: 60_000 }, ({ start }) => {
  let app: TestApp;
  let admin: Account;
  const workspaces: string[] = [];
  const random = randomFrom(7);
  const below = (limit: number) => Math.floor(random() * limit);

  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    while (workspaces.length < 3) workspaces.push(await app.workspace(admin));
    // Keys of every age, expiry, last use and place.
    await app.sql(
      `insert into api_keys (id, user_id, workspace_id, name, hint, secret_hash, scopes, permissions, created_at, dated_at,
          expires_at, revoked_at)
        select 'key_01K' || lpad(n::text, 23, '0'), ?, (array[?, ?, ?, null])[1 + n % 4], 'x', '', 'hash ' || n, '{}', '{}',
          created_at, created_at, case when n % 3 > 0 then now() + make_interval(days => (n * 37) % 700 - 60) end,
          case when n % 11 = 0 then now() end
        from (select n, now() - make_interval(days => 1 + (n * 53) % 800) as created_at
          from generate_series(1, ${KEYS}) as n) as keys`,
      [admin.id, ...workspaces],
    );
    await app.sql(`update credential_usage
      set last_used_at = now() - make_interval(days => (abs(hashtext(credential_id)) % 400)) where abs(hashtext(credential_id)) % 5 > 0`);
  });
  afterAll(() => app.close());

  async function all(filter: ApiKeyFilter = {}, first = 100) {
    const nodes = [];
    for (let after: string | null | undefined; ; ) {
      const page = await app.as(admin).apiKeys({ first, filter, ...(after && { after }) });
      nodes.push(...page.nodes);
      if (!page.pageInfo.hasNextPage) return nodes;
      after = page.pageInfo.endCursor;
    }
  }

  async function tighten() {
    const place = below(4);
    const bounds = {
      maximumLifetimeSeconds: below(3) > 0 ? (1 + below(900)) * DAY : null,
      idleSeconds: below(2) > 0 ? (1 + below(400)) * DAY : null,
      requiresExpiry: below(6) === 0,
    };
    const input = { ...(place < 3 ? { workspaceId: workspaces[place]! } : {}), ...bounds };
    const before = await active();
    const dry = await app
      .as(admin)
      .setCredentialPolicy({ ...input, dryRun: true })
      .expectSuccess();
    const { endedCount } = await app.as(admin).setCredentialPolicy(input).expectSuccess();
    expect(dry.endedCount).toBe(endedCount);
    // What a tightened policy counts is what is not active any more.
    const after = await active();
    expect(before.size - after.size).toBe(endedCount);
  }
  const active = async () => new Set((await all({ status: 'ACTIVE' })).map(({ id }) => id));

  test('each filter finds the keys whose fields fit, in pages of any size, and counts them', async () => {
    for (let policy = 0; policy < POLICIES; policy++) {
      await tighten();
      const keys = await all();
      const [soon, lately] = [-200 + below(800), -below(400)].map((days) => new Date(Date.now() + days * DAY_MS));
      const isActive = ({ status }: (typeof keys)[number]) => status === 'ACTIVE';
      const isUnused = ({ lastUsedAt }: (typeof keys)[number]) =>
        !lastUsedAt || Date.parse(lastUsedAt) < lately!.getTime();
      const ends = ({ expiresAt }: (typeof keys)[number]) =>
        expiresAt !== null && Date.parse(expiresAt) < soon!.getTime();
      const rows = await app.sql('select id, workspace_id from api_keys');
      const workspaceOf = new Map(rows.map((row) => [row.id, row.workspace_id]));
      const filters: [ApiKeyFilter, (key: (typeof keys)[number]) => boolean][] = [
        [{ status: 'ACTIVE' }, isActive],
        [{ status: 'EXPIRED' }, ({ status }) => status === 'EXPIRED'],
        [{ status: 'REVOKED' }, ({ status }) => status === 'REVOKED'],
        [{ status: 'ACTIVE', neverExpires: true }, (key) => isActive(key) && key.expiresAt === null],
        [{ status: 'ACTIVE', neverExpires: false }, (key) => isActive(key) && key.expiresAt !== null],
        [{ status: 'ACTIVE', expiresBefore: soon!.toISOString() }, (key) => isActive(key) && ends(key)],
        [{ unusedSince: lately!.toISOString() }, isUnused],
        [{ status: 'EXPIRED', unusedSince: lately!.toISOString() }, (key) => key.status === 'EXPIRED' && isUnused(key)],
        [{ neverUsed: true }, ({ lastUsedAt }) => lastUsedAt === null],
        [{ neverUsed: false }, ({ lastUsedAt }) => lastUsedAt !== null],
        [
          { workspaceId: workspaces[0]!, status: 'REVOKED' },
          (key) => workspaceOf.get(key.id) === workspaces[0] && key.status === 'REVOKED',
        ],
      ];
      for (const [filter, fits] of filters) {
        const expected = keys.filter(fits).map(({ id }) => id);
        const found = (await all(filter, 1 + below(60))).map(({ id }) => id);
        expect(found, JSON.stringify(filter)).toEqual(expected);
        const query = 'query ($filter: ApiKeyFilter) { apiKeys(filter: $filter) { totalCount } }';
        const { data } = await app.graphql(query, { filter }, { bearer: admin.accessToken });
        expect(data.apiKeys.totalCount, JSON.stringify(filter)).toBe(expected.length);
      }
    }
  });
});
