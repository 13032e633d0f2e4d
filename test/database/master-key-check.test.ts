// A service with another master key than that of its database does not start and writes nothing.
import { randomBytes } from 'node:crypto';
import { describe, expect, inject, test } from 'vitest';
import { seal } from '../../src/crypto/seal.ts';
import { ConfigError } from '../../src/kernel/config-error.ts';
import { PASSWORD, startTestApp } from '../support/app.ts';
import { databasesAt } from '../support/postgres.ts';

const aKey = () => randomBytes(32).toString('base64');

describe.skipIf(inject('postgresUrl') === null)('on PostgreSQL', () => {
  test('a wrong master key is rejected before any write, including migrations', async () => {
    const databases = databasesAt(inject('postgresUrl') as string);
    const databaseUrl = await databases.createDatabase();
    const database = new URL(databaseUrl).pathname.slice(1);
    const [right, wrong] = [aKey(), aKey()];
    const first = await startTestApp({ databaseUrl, env: { REKEY_MASTER_KEY: right } });
    await first.admin();
    await first.close();

    // The state that an older release leaves.
    await databases.query('drop table auth_limits cascade', [], database);
    await databases.query(`delete from rekey_migrations where name like '%-limits'`, [], database);
    const state = () =>
      databases.query(
        `select (select count(*) from rekey_migrations) as migrations, (select count(*) from auth_replica) as replicas,
          (select string_agg(kid, ',' order by kid) from jwt_keys) as keys, (select max(seq) from auth_inval) as position`,
        [],
        database,
      );
    const before = await state();
    const environments: Record<string, string>[] = [
      { REKEY_MASTER_KEY: wrong },
      { REKEY_MASTER_KEY: wrong, REKEY_RETIRED_MASTER_KEYS: aKey() },
    ];
    for (const env of environments) {
      const start = startTestApp({ databaseUrl, env });
      await expect(start).rejects.toThrow(ConfigError);
      await expect(start).rejects.toThrow(/^Invalid configuration:\n {2}- REKEY_MASTER_KEY: the database holds/);
      expect(await state()).toEqual(before);
    }

    // A rotation: the old key stays configured as retired while the database contains data that it has sealed.
    const rotated = await startTestApp({
      databaseUrl,
      env: { REKEY_MASTER_KEY: wrong, REKEY_RETIRED_MASTER_KEYS: right },
    });
    const { tokens } = await rotated.mutate(
      'register',
      { email: 'new@example.com', password: PASSWORD, displayName: 'New' },
      '... on RegisterSuccess { tokens { accessToken } }',
    );
    expect(await rotated.accepts(tokens.accessToken)).toBe(true);
    await rotated.close();
    // The new master key wraps no data key before `reencrypt` runs, so the former one still opens all of them.
    await expect(startTestApp({ databaseUrl, env: { REKEY_MASTER_KEY: wrong } })).rejects.toThrow(ConfigError);
    const former = await startTestApp({ databaseUrl, env: { REKEY_MASTER_KEY: right } });
    expect(await former.accepts(tokens.accessToken)).toBe(true);
    await former.close();
  });

  test('a wrong master key is rejected for values from before the data keys, also if the table of the data keys is there and empty', async () => {
    const databases = databasesAt(inject('postgresUrl') as string);
    const databaseUrl = await databases.createDatabase();
    const [right, wrong] = [aKey(), aKey()];
    const first = await startTestApp({ databaseUrl, env: { REKEY_MASTER_KEY: right } });
    const { id } = await first.admin();
    const { kid } = first.app.jwtKeys.signing;
    const earlier = (purpose: string, aad: string) => seal(first.app.keyring, { purpose, aad, plaintext: 'x' });
    for (const constraint of [
      'users drop constraint users_email_sealed_is_sealed',
      'jwt_keys drop constraint jwt_keys_private_sealed_is_sealed',
    ])
      await first.sql(`alter table ${constraint}`);
    await first.sql('update users set email_sealed = ? where id = ?', [earlier('users.email', id), id]);
    await first.sql(`delete from jwt_keys where kid <> ?`, [kid]);
    await first.sql('update jwt_keys set private_sealed = ? where kid = ?', [earlier('jwt-key', kid), kid]);
    await first.sql('delete from data_keys');
    await first.close();
    const start = startTestApp({ databaseUrl, env: { REKEY_MASTER_KEY: wrong } });
    await expect(start).rejects.toThrow(ConfigError);
    await expect(start).rejects.toThrow(
      /REKEY_MASTER_KEY: the database holds values that were sealed with the master key/,
    );
    expect(await databases.query('select from data_keys', [], new URL(databaseUrl).pathname.slice(1))).toEqual([]);
  });
});
