// A signed request is accepted once: on several replicas, at once and later, after every restart. A key that ended signs
// nothing any more, on any replica.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import type { Credential } from '../support/account.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy } from '../support/proxy.ts';
import { findRedis, startRedis } from '../support/redis.ts';
import { httpSignedHeaders, signedHeaders } from '../support/signing.ts';
import { times } from '../support/values.ts';

const MINUTE = 60_000;

interface Answer {
  status: number;
  reason: string | undefined;
}

async function verify(replica: TestApp, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${replica.url}/v1/verify`, { headers });
  const text = await response.text();
  return { status: response.status, reason: text === '' ? undefined : JSON.parse(text).reason };
}

/** Lets every replica wait until so many signed requests, all with good signatures, are about to use their nonce. */
function holdNonces(replicas: readonly TestApp[], count: number): void {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  for (const { app } of replicas) {
    const { nonces } = app.database;
    const query = nonces.query.bind(nonces);
    nonces.query = async (statement, values) => {
      if (statement.name === 'nonce-consume') {
        if (++waiting === count) gate.resolve();
        await gate.promise;
      }
      return query(statement, values) as never;
    };
    onTestFinished(() => {
      nonces.query = query;
    });
  }
}

const ACCEPTED: Answer = { status: 204, reason: undefined };
const REPLAYED: Answer = { status: 401, reason: 'NONCE_REPLAYED' };

describe('one process on the embedded database', () => {
  test('F3.13: of twenty identical requests at once exactly one is accepted', async () => {
    const app = await startTestApp();
    onTestFinished(() => app.close());
    const member = await app.member();
    const key = await app.signingKey(member, await app.workspace(member));
    for (const headers of [signedHeaders(key), httpSignedHeaders(key, { authority: new URL(app.url).host })]) {
      holdNonces([app], 20);
      const answers = await Promise.all(times(20, () => verify(app, headers)));
      expect(answers.filter(({ status }) => status === 204)).toEqual([ACCEPTED]);
      expect(answers.filter(({ status }) => status !== 204)).toEqual(times(19, () => REPLAYED));
    }
  });

  test('F3.14: a replay after a restart is rejected', { timeout: 120_000 }, async () => {
    const REKEY_DATA_DIR = join(migratedDirectory(), '.rekey');
    const settings = { env: { REKEY_DATA_DIR }, overrides: { inMemory: false, embeddedTemplate: undefined } };
    let app = await startTestApp(settings);
    const member = await app.member();
    const key = await app.signingKey(member, await app.workspace(member));
    // It was signed a minute ago.
    const headers = signedHeaders(key, { timestamp: Date.now() - MINUTE });
    expect(await verify(app, headers)).toEqual(ACCEPTED);
    await app.close();
    app = await startTestApp(settings);
    await app.app.jobs['purging nonces']!();
    expect(await verify(app, headers)).toEqual(REPLAYED);
    expect(await verify(app, signedHeaders(key))).toEqual(ACCEPTED);
    await app.close();
  });
});

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('three replicas', () => {
  let replicas: TestApp[];
  let databaseUrl: string;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    databaseUrl = await migratedDatabase();
    const redisUrl = inject('redisUrl');
    replicas = [];
    for (let n = 0; n < 3; n++) replicas.push(await startTestApp({ databaseUrl, redisUrl }));
    member = await replicas[0]!.member();
    workspaceId = await replicas[0]!.workspace(member);
  });
  afterAll(() => Promise.all(replicas?.map((each) => each.close()) ?? []));

  const first = () => replicas[0]!;
  const everywhere = async (key: Credential) =>
    Promise.all(replicas.map(async (replica) => (await verify(replica, signedHeaders(key))).status));

  test('F3.13: of twenty identical requests at once, spread over the replicas, exactly one is accepted', async () => {
    for (let round = 0; round < 5; round++) {
      const key = await first().signingKey(member, workspaceId);
      expect(await everywhere(key)).toEqual([204, 204, 204]);
      holdNonces(replicas, 20);
      const headers = signedHeaders(key);
      const answers = await Promise.all(times(20, (index) => verify(replicas[index % 3]!, headers)));
      expect(answers.filter(({ status }) => status === 204)).toEqual([ACCEPTED]);
      expect(answers.filter(({ status }) => status !== 204)).toEqual(times(19, () => REPLAYED));
    }
  });

  test('G1: once a revocation has answered, no replica accepts a request that the key signs, nor one of its successor', async () => {
    for (let round = 0; round < 10; round++) {
      const key = await first().signingKey(member, workspaceId);
      expect(await everywhere(key)).toEqual([204, 204, 204]);
      const by = replicas[round % 3]!;
      if (round % 2 === 0) {
        await by.as(member).revokeSigningKey({ signingKeyId: key.id }).expectSuccess();
        expect(await everywhere(key)).toEqual([401, 401, 401]);
        continue;
      }
      const { signingKey, secret } = await by.as(member).rotateSigningKey({ signingKeyId: key.id }).expectSuccess();
      const successor = { id: signingKey.id, secret };
      expect([await everywhere(key), await everywhere(successor)].flat()).toEqual(times(6, () => 204));
      await by.as(member).revokeSigningKey({ signingKeyId: successor.id }).expectSuccess();
      expect([await everywhere(key), await everywhere(successor)].flat()).toEqual(times(6, () => 401));
    }
  });

  test('F3.16: an overlap ends at its time on every replica that has the key in its cache', async () => {
    const key = await first().signingKey(member, workspaceId);
    expect(await everywhere(key)).toEqual([204, 204, 204]);
    const input = { signingKeyId: key.id, overlapSeconds: 2 };
    const { previous } = await first().as(member).rotateSigningKey(input).expectSuccess();
    const ends = Date.parse(previous.expiresAt!);
    await expect.poll(() => everywhere(key), { timeout: 10_000 }).toEqual([401, 401, 401]);
    // No replica has rejected it before, by the clock of the database.
    const [{ now }] = await first().sql('select extract(epoch from clock_timestamp())::float8 * 1000 as now');
    expect(now).toBeGreaterThanOrEqual(ends);
  });

  test('G1: once a workspace requires signed requests, no replica accepts an unsigned secret of it', async () => {
    for (let round = 0; round < 6; round++) {
      const own = await first().workspace(member);
      const { secret } = await first().apiKey(member, { workspaceId: own });
      const unsigned = () => Promise.all(replicas.map((replica) => replica.accepts(secret)));
      expect(await unsigned()).toEqual([true, true, true]);
      const input = { workspaceId: own, requiresSignedRequests: true };
      const { receipt } = await replicas[round % 3]!.as(member).updateWorkspace(input).expectSuccess();
      expect(await unsigned()).toEqual([false, false, false]);
      expect(receipt?.acknowledged).toBe(3);
    }
  });
});

describe.skipIf(!findPostgres() || !findRedis())('on servers of its own', () => {
  test('F3.14: a replay a minute later, on another replica, after Redis, PostgreSQL and the service restarted, is rejected', async () => {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    onTestFinished(async () => {
      await Promise.all([postgres.destroy(), redis.destroy()]);
    });
    const settings = { databaseUrl: await postgres.createDatabase('signed'), redisUrl: redis.url };
    const before = [await startTestApp(settings), await startTestApp(settings)];
    const member = await before[0]!.member();
    const key = await before[0]!.signingKey(member, await before[0]!.workspace(member));
    // Signed a minute ago, and just now.
    const headers = [signedHeaders(key, { timestamp: Date.now() - MINUTE }), signedHeaders(key)];
    for (const each of headers) expect(await verify(before[0]!, each)).toEqual(ACCEPTED);
    for (const each of headers) expect(await verify(before[1]!, each)).toEqual(REPLAYED);
    await Promise.all(before.map((each) => each.close()));
    await Promise.all([redis.stop(), postgres.stop()]);
    await Promise.all([redis.start(), postgres.start()]);
    const after = await startTestApp(settings);
    onTestFinished(() => after.close());
    await after.app.jobs['purging nonces']!();
    for (const each of headers) expect(await verify(after, each)).toEqual(REPLAYED);
    expect(await verify(after, signedHeaders(key))).toEqual(ACCEPTED);
  });

  test('F3.14: without Redis, and without the answer of PostgreSQL, no request is accepted twice or without its nonce', async () => {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const proxy = await startProxy({ host: '127.0.0.1', port: postgres.port });
    onTestFinished(async () => {
      await proxy.close();
      await Promise.all([postgres.destroy(), redis.destroy()]);
    });
    const databaseUrl = await postgres.createDatabase('outage');
    const replica = await startTestApp({ databaseUrl: proxy.url(databaseUrl), redisUrl: redis.url });
    const member = await replica.member();
    const key = await replica.signingKey(member, await replica.workspace(member));
    expect(await verify(replica, signedHeaders(key))).toEqual(ACCEPTED);
    redis.freeze();
    const headers = signedHeaders(key);
    expect([await verify(replica, headers), await verify(replica, headers)]).toEqual([ACCEPTED, REPLAYED]);
    redis.thaw();
    // The key is in the cache, and the lease lasts: only the nonce needs PostgreSQL.
    const unanswered = signedHeaders(key);
    proxy.blackhole();
    expect(await verify(replica, unanswered)).toEqual({ status: 503, reason: undefined });
    await proxy.heal();
    // Whether the nonce was stored is not known. A new signature is accepted.
    await expect.poll(async () => (await verify(replica, signedHeaders(key))).status).toBe(204);
    expect([204, 401]).toContain((await verify(replica, unanswered)).status);
    expect(await verify(replica, unanswered)).toEqual(REPLAYED);
    await replica.close();
  });
});
