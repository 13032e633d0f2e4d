import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { SEAL_PURPOSE } from '../../../src/credentials/cache/shared-cache.ts';
import { sha256, sha256Base64url } from '../../../src/crypto/hash.ts';
import { createKeyring } from '../../../src/crypto/keyring.ts';
import { open, seal } from '../../../src/crypto/seal.ts';
import { makeSecret } from '../../../src/crypto/secret-text.ts';
import { type Credential, Installation, sessionOf } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

/** A value as keyv stores it. */
interface Stored {
  value: string;
  expires?: number;
}

const placeOf = (secret: string) => `rekey:auth:${sha256Base64url(secret)}`;

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('the shared cache', { timeout: 60_000 }, () => {
  let rekey: Installation;

  beforeAll(async () => {
    rekey = await Installation.start({ leaseMs: 2000 });
  });
  afterEach(() => rekey.assertPromiseHeld());
  afterAll(() => rekey?.destroy());

  const read = async (secret: string) => (await rekey.redis.command('GET', placeOf(secret))) as string | null;
  const write = (secret: string, text: string) => rekey.redis.command('SET', placeOf(secret), text);

  /** A new key that only the first replica has cached, and its entry in Redis. */
  async function stored(owner = rekey.admin): Promise<{ key: Credential; entry: Stored }> {
    for (let attempt = 0; attempt < 10; attempt++) {
      const key = await rekey.apiKey({}, owner);
      expect(await rekey.verify(rekey.replicas[0]!, key)).toBe('accepted');
      // A replica on a busy machine may give up on Redis, and then stores nothing.
      const found = await until('it is stored', () => read(key.secret), 1000).catch(() => null);
      if (found) return { key, entry: JSON.parse(String(found)) };
    }
    throw new Error('Nothing is ever stored in Redis.');
  }

  function neverIssued(): string {
    const secret = makeSecret('rka');
    rekey.history.neverIssued(secret);
    return secret;
  }

  test('a forged entry, or one that was moved to another key, authenticates no request', async () => {
    const [, b, c] = rekey.replicas;
    const { key: victim, entry } = await stored();
    const ours = createKeyring(Buffer.from(rekey.masterKey, 'base64'));
    const [identity] = await rekey.postgres.query<{ it: string }>('select auth_server_identity() as it');
    const boundTo = (secret: string) => `${sha256Base64url(secret)}|${identity!.it}`;
    const plain = open(ours, { purpose: SEAL_PURPOSE, aad: boundTo(victim.secret), sealed: entry.value }).toString(
      'utf8',
    );
    const theirs = createKeyring(sha256('of an attacker'));
    const sealedWith = (keyring: typeof ours, purpose: string, aad: string) =>
      seal(keyring, { purpose, aad, plaintext: plain });

    const forgeries: ((secret: string) => string)[] = [
      () => JSON.stringify(entry),
      () => entry.value,
      () => plain,
      () => JSON.stringify({ value: JSON.parse(plain) }),
      () => JSON.stringify({ value: plain }),
      (secret) => JSON.stringify({ value: sealedWith(theirs, SEAL_PURPOSE, boundTo(secret)) }),
      (secret) => JSON.stringify({ value: sealedWith(ours, 'jwt-key', boundTo(secret)) }),
      (secret) =>
        JSON.stringify({ value: sealedWith(ours, SEAL_PURPOSE, `${sha256Base64url(secret)}|another server`) }),
      () => JSON.stringify({ value: 's1.00000000.AAAA' }),
      () => '{"value":{"principal":{}}}',
      () => 'null',
      () => '',
      () => '{',
    ];
    for (const forge of forgeries) {
      const secret = neverIssued();
      await write(secret, forge(secret));
      expect(await rekey.verify(b!, { secret })).toBe('refused');
      expect(await rekey.verify(c!, { secret })).toBe('refused');
    }
    expect(await b!.metric('rekey_shared_cache_rejected_total', 'seal')).toBeGreaterThan(0);
    // An entry that Rekey sealed is found and opened. Otherwise the checks above would prove nothing.
    await until('a sealed entry is used', async () => {
      const { key } = await stored();
      const before = await c!.metric('rekey_cache_lookups_total', 'shared');
      expect(await rekey.verify(c!, key)).toBe('accepted');
      return (await c!.metric('rekey_cache_lookups_total', 'shared')) > before;
    });
  });

  test('an entry with a flipped bit makes no replica reject a valid key or accept a revoked key', async () => {
    const [a, b, c] = rekey.replicas;
    const flipped = new Map<Credential, string>();
    for (let index = 0; index < 24; index++) {
      const { key, entry } = await stored();
      const bytes = Buffer.from(entry.value);
      bytes[Math.floor((index * bytes.length) / 24)]! ^= 1 << (index % 7);
      flipped.set(key, JSON.stringify({ ...entry, value: bytes.toString('latin1') }));
      await write(key.secret, flipped.get(key)!);
      expect(await rekey.verify(b!, key)).toBe('accepted');
    }
    for (const [key, text] of flipped) {
      await rekey.revoke(a!, key);
      await write(key.secret, text);
      expect(await rekey.verify(c!, key)).toBe('refused');
      expect(await rekey.verify(b!, key)).toBe('refused');
    }
  });

  test('a snapshot of Redis that is restored after a revocation makes no replica accept a revoked credential, warm or cold', async () => {
    const [a, b] = rekey.replicas;
    const member = await rekey.member();
    const snapshot = new Map<string, string>();
    const remembered = async (owner = rekey.admin) => {
      const { key, entry } = await stored(owner);
      snapshot.set(key.secret, JSON.stringify(entry));
      return key;
    };
    const keys = [await remembered(), await remembered(), await remembered()];
    const rotated = await remembered();
    const theirs = [await remembered(member), await remembered(member)];

    for (const key of keys) await rekey.revoke(a!, key);
    const replacement = await rekey.rotate(b!, rotated);
    await rekey.disable(b!, member, theirs);

    const cold = await rekey.join();
    for (let round = 0; round < 3; round++) {
      await rekey.redis.flush();
      for (const [secret, text] of snapshot) await write(secret, text);
      for (const verdict of await rekey.verifyEverywhere(...keys, rotated, sessionOf(member), ...theirs)) {
        expect(verdict).toBe('refused');
      }
    }
    await rekey.warmCaches(replacement);
    rekey.remove(cold);
    await cold.leave();
  });

  test('no request and no revocation fails while Redis is stopped, started empty, frozen, thawed and flushed under load', async () => {
    const bystanders = await rekey.apiKeys(10);
    await rekey.warmCaches(...bystanders);
    const load = rekey.load(bystanders);
    const upsets: [string, () => unknown][] = [
      ['as it is', () => undefined],
      ['killed', () => rekey.redis.stop()],
      ['started, empty', () => rekey.redis.start()],
      ['frozen', () => rekey.redis.freeze()],
      ['thawed', () => rekey.redis.thaw()],
      ['flushed', () => rekey.redis.flush()],
      ['frozen again', () => rekey.redis.freeze()],
      ['killed while frozen', () => rekey.redis.stop()],
      ['started again', () => rekey.redis.start()],
    ];
    for (const [what, upset] of upsets) {
      await upset();
      for (let turn = 0; turn < 6; turn++) {
        const key = await rekey.createApiKey();
        await rekey.warmCaches(key);
        const receipt = await rekey.revoke(rekey.replicas[turn % 3]!, key);
        expect(receipt, what).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
      }
    }
    await load.stop();
    await rekey.warmCaches(...bystanders);
  });

  test('no verdict and no receipt changes while the network to Redis drops packets, closes connections or is slow', async () => {
    const bystanders = await rekey.apiKeys(10);
    await rekey.warmCaches(...bystanders);
    const load = rekey.load(bystanders);
    const proxies = () => rekey.replicas.map(({ redis }) => redis);
    const upsets: (() => unknown)[] = [
      () => proxies().forEach((proxy) => void proxy.blackhole()),
      () => Promise.all(proxies().map((proxy) => proxy.heal())),
      () => proxies().forEach((proxy) => void proxy.cut()),
      () => Promise.all(proxies().map((proxy) => proxy.heal())),
      () => proxies().forEach((proxy) => void proxy.delay(300)),
      () => Promise.all(proxies().map((proxy) => proxy.heal())),
    ];
    for (const upset of upsets) {
      await upset();
      for (let turn = 0; turn < 6; turn++) {
        const key = await rekey.createApiKey();
        await rekey.warmCaches(key);
        const receipt = await rekey.revoke(rekey.replicas[turn % 3]!, key);
        expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
      }
    }
    await load.stop();
    await rekey.warmCaches(...bystanders);
  });
});
