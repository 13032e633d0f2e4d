// The secret of another system, which the operator imports while replicas run.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Credential, Installation } from '../../support/installation.ts';
import type { ReplicaProcess } from '../../support/replica-process.ts';
import { ENVIRONMENT, emptyDirectory, NODE } from '../../support/server-process.ts';
import { until } from '../../support/until.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('an imported key', { timeout: 240_000 }, () => {
  let rekey: Installation;
  beforeAll(async () => {
    rekey = await Installation.start();
  });
  afterEach(() => rekey.assertPromiseHeld());
  afterAll(() => rekey?.destroy());

  const foreign = () => `acme_${randomBytes(18).toString('base64url')}`;

  /** Imports it by the command, and returns when the command has. */
  async function imported(secret: string): Promise<Credential> {
    const file = join(emptyDirectory(), 'keys.csv');
    writeFileSync(file, `name,owner,secret\nlegacy,${rekey.admin.email},${secret}\n`);
    const [program, ...args] = [...NODE, MAIN, 'import', 'keys', file] as [string, ...string[]];
    const env = {
      ...ENVIRONMENT,
      DATABASE_URL: rekey.postgres.url(),
      REKEY_MASTER_KEY: rekey.masterKey,
      REKEY_LEASE_MS: String(rekey.leaseMs),
    };
    const code = await new Promise((resolve) => spawn(program, args, { env, stdio: 'ignore' }).on('close', resolve));
    expect(code).toBe(0);
    const [row] = await rekey.postgres.query<{ id: string }>('select id from api_keys order by id desc limit 1');
    return { id: row!.id, secret };
  }

  test('is accepted by every replica once the import has returned, and by none once its revocation has', async () => {
    const [a, b, c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const key = await imported(foreign());
    for (const verdict of await rekey.verifyEverywhere(key)) expect(verdict).toBe('accepted');
    const load = rekey.load([key]);
    const rotatedAway = await imported(foreign());
    await rekey.warmCaches(rotatedAway);
    const replacement = await rekey.rotate(b, rotatedAway);
    await rekey.revoke(a, key);
    for (const verdict of await rekey.verifyEverywhere(key, rotatedAway)) expect(verdict).toBe('refused');
    await load.stop();
    expect(await rekey.verify(c, replacement)).toBe('accepted');
  });

  test('is never rejected by a replica that could not learn of the import', async () => {
    const [a, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const back = rekey.history.mayBeUnavailable(c.name);
    c.postgres.blackhole();
    await until('its lease has expired', async () => (await c.metric('rekey_lease_remaining_seconds')) === 0);
    const key = await imported(foreign());
    expect(await rekey.verify(c, key)).toBe('unavailable');
    await c.postgres.heal();
    await rekey.untilHealthy();
    back();
    expect(await rekey.verify(c, key)).toBe('accepted');
    await rekey.revoke(a, key);
    for (const verdict of await rekey.verifyEverywhere(key)) expect(verdict).toBe('refused');
  });
});
