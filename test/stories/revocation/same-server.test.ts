// Servers and databases that look the same and do not have the same log.
import { describe, expect, inject, test } from 'vitest';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import { startTestApp } from '../../support/app.ts';
import { databasesAt, startPostgres } from '../../support/postgres.ts';
import { startProxy } from '../../support/proxy.ts';
import { until } from '../../support/until.ts';

const REVOKED = '... on RevokeApiKeySuccess { receipt { propagation replicas acknowledged } }';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('the same server', { timeout: 60_000 }, () => {
  test('after a crash of one of its processes, with synchronous_commit off: a revocation still waits for every lease', async () => {
    // The server writes to disk only what a transaction asks for.
    const postgres = await startPostgres({ settings: { synchronous_commit: 'off', wal_writer_delay: '10s' } });
    const proxy = await startProxy({ host: '127.0.0.1', port: postgres.port });
    const first = await startTestApp({ databaseUrl: postgres.url() });
    const admin = await first.admin();
    const key = await first.apiKey(admin);
    await postgres.query('checkpoint');
    const second = await startTestApp({ databaseUrl: proxy.url(postgres.url()) });
    try {
      expect(await second.accepts(key.secret)).toBe(true);
      const [backend] = await postgres.query<{ pid: number }>(
        `select pid from pg_stat_activity where application_name = 'rekey-sync' limit 1`,
      );
      proxy.blackhole();
      process.kill(backend!.pid, 'SIGKILL');
      let receipt: Record<string, unknown> | undefined;
      await until('the revocation is answered', async () => {
        const input = { apiKeyId: key.id };
        const answer = await first
          .mutate('revokeApiKey', input, REVOKED, { bearer: admin.accessToken })
          .catch(() => null);
        receipt = answer?.receipt;
        return receipt !== undefined;
      });
      expect(receipt).toEqual({ propagation: 'LEASE_EXPIRED', replicas: 2, acknowledged: 1 });
      expect(await second.accepts(key.secret).catch(() => 'unavailable')).not.toBe(true);
    } finally {
      await proxy.heal();
      await second.close();
      await first.close();
      await proxy.close();
      await postgres.destroy();
    }
  });

  test('with two databases, one a copy of the other, and one Redis and master key: neither uses entries of the other', async () => {
    const databases = databasesAt(inject('postgresUrl')!);
    const redisUrl = inject('redisUrl')!;
    await databases.createDatabase('original');
    const before = await startTestApp({ databaseUrl: databases.url('original'), redisUrl });
    const admin = await before.admin();
    const [key, other] = [await before.apiKey(admin), await before.apiKey(admin)];
    await before.close();
    await databases.createDatabase('copied', 'original');
    const original = await startTestApp({ databaseUrl: databases.url('original'), redisUrl });
    const copy = await startTestApp({ databaseUrl: databases.url('copied'), redisUrl });
    try {
      // The log of the original is ahead: its positions look newer than every position of the copy.
      const change = 'update api_keys set permissions = array[?] where id = ?';
      for (let count = 0; count < 20; count++) await original.sql(change, [String(count), other.id]);
      await copy.mutate('revokeApiKey', { apiKeyId: key.id }, REVOKED, { bearer: admin.accessToken });
      expect(await original.accepts(key.secret)).toBe(true);
      const { shared, replica } = original.app;
      const place = { fingerprint: sha256Base64url(key.secret), serverIdentity: replica.serverIdentity };
      const stored = () => shared!.get(place, () => true);
      expect(await until('Redis has the entry of the original', stored)).toMatchObject({
        principal: { kind: 'apiKey' },
      });
      expect(await copy.accepts(key.secret)).toBe(false);
    } finally {
      await original.close();
      await copy.close();
      await databases.dropDatabase('original');
      await databases.dropDatabase('copied');
    }
  });
});
