// The stored form of sealed fields, and the behaviour with rows that plain SQL has changed.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { blindIndex, seal } from '../../src/crypto/seal.ts';
import { COUNT, type CountRow } from '../../src/database/data-keys.sql.ts';
import { backends, MASTER_KEY, PASSWORD, type TestApp } from '../support/app.ts';

const FORM = /^s2\.1\.[A-Za-z0-9_-]{38,}$/;
const COLUMNS: Record<string, string[]> = {
  users: ['email_sealed', 'display_name'],
  sessions: ['ip_address', 'user_agent'],
  jwt_keys: ['private_sealed'],
  api_keys: ['created_from_ip', 'metadata_sealed'],
  credential_usage: ['last_used_from'],
  signing_keys: ['secret_sealed'],
};
const cells = Object.entries(COLUMNS).flatMap(([table, columns]) => columns.map((column) => [table, column] as const));

describe.each(backends())('sealed columns on $name', ({ start }) => {
  let app: TestApp;
  let admin: Awaited<ReturnType<TestApp['admin']>>;
  beforeAll(async () => {
    app = await start({ env: { REKEY_MASTER_KEY: MASTER_KEY, REKEY_LAST_USED_SECONDS: '1' } });
    admin = await app.admin();
    const workspaceId = await app.workspace(admin);
    await app.signingKey(admin, workspaceId);
    const key = await app.apiKey(admin, { metadata: [{ key: 'team', value: 'payments' }] });
    await app.accepts(key.secret);
    const used = () => app.sql('select 1 from credential_usage where last_used_from is not null');
    await vi.waitUntil(async () => (await used()).length > 0, 10_000);
  });
  afterAll(() => app.close());

  const nameOf = async (id: string) => (await app.as(admin).user({ id }))!.displayName;
  const member = async (displayName: string) => {
    const account = await app.register();
    await app.as(account).updateProfile({ displayName }).expectSuccess();
    return account;
  };

  test.each(cells)('F3.22: %s.%s holds sealed values, and rejects any other text', async (table, column) => {
    const rows = await app.sql(`select ${column} as value from ${table} where ${column} is not null`);
    expect(rows.length).toBeGreaterThan(0);
    for (const { value } of rows) expect(value).toMatch(FORM);
    for (const text of ['', 'plain', '203.0.113.7', `s1.1.${'A'.repeat(40)}`]) {
      const writing = app.sql(`update ${table} set ${column} = ? where ${column} is not null`, [text]);
      await expect(writing, text).rejects.toThrow(`${table}_${column}_is_sealed`);
    }
  });

  test('F3.24: a plain value in the form of a sealed one is sealed like any other', async () => {
    const odd = `s2.1.${'A'.repeat(60)}`;
    const { id } = await member(odd);
    expect(await nameOf(id)).toBe(odd);
    const [row] = await app.sql('select display_name from users where id = ?', [id]);
    expect(row.display_name).not.toContain(odd);
  });

  test('F3.25: a value of another row does not open, is not returned, and leaves other rows readable', async () => {
    const [one, two] = [await member('Wren'), await member('Finch')];
    const move = 'update users set display_name = (select display_name from users where id = ?) where id = ?';
    const [{ display_name: own }] = (await app.sql('select display_name from users where id = ?', [one.id])) as [
      { display_name: string },
    ];
    await app.sql(move, [two.id, one.id]);
    const before = app.log.length;
    const answer = await app.graphql(
      'query ($id: ID!) { user(id: $id) { displayName } }',
      { id: one.id },
      {
        bearer: admin.accessToken,
      },
    );
    expect(answer.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    expect(JSON.stringify(answer)).not.toMatch(/Finch|Wren|s2\./);
    const log = app.log.slice(before).join('');
    expect(log).toContain(`users.display_name of the row ${one.id} cannot be opened.`);
    expect(log).not.toMatch(/Finch|s2\.1\./);
    // The row is still there for everything that does not need the name.
    expect(await nameOf(two.id)).toBe('Finch');
    expect(await app.accepts(one.accessToken)).toBe(true);
    await app.as(admin).disableUser({ userId: one.id }).answer();
    expect(await app.accepts(one.accessToken)).toBe(false);
    await app.sql('update users set display_name = ? where id = ?', [own, one.id]);
    expect(await nameOf(one.id)).toBe('Wren');
  });

  test('F3.25: a value of another column does not open', async () => {
    const account = await app.member();
    await app.sql('update sessions set ip_address = user_agent where user_id = ?', [account.id]);
    const answer = await app.graphql('{ sessions { nodes { ipAddress } } }', {}, { bearer: account.accessToken });
    expect(answer.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    const agents = await app.graphql('{ sessions { nodes { userAgent } } }', {}, { bearer: account.accessToken });
    expect(agents.data.sessions.nodes).toEqual([{ userAgent: 'node' }]);
  });

  test('F3.21, F3.25: a value of another workspace does not open', async () => {
    const keys = [];
    for (const value of ['first', 'second']) {
      const workspaceId = await app.workspace(admin);
      keys.push(await app.apiKey(admin, { workspaceId, metadata: [{ key: 'it', value }] }));
    }
    const [one, two] = keys as unknown as [{ id: string }, { id: string }];
    const metadataOf = (id: string) =>
      app.graphql('query ($id: ID!) { apiKey(id: $id) { metadata { value } } }', { id }, { bearer: admin.accessToken });
    expect((await metadataOf(one.id)).data.apiKey).toEqual({ metadata: [{ value: 'first' }] });
    await app.sql(
      'update api_keys set metadata_sealed = (select metadata_sealed from api_keys where id = ?) where id = ?',
      [two.id, one.id],
    );
    expect((await metadataOf(one.id)).errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    expect((await metadataOf(two.id)).data.apiKey).toEqual({ metadata: [{ value: 'second' }] });
    // The value does not open either if the whole row is moved to another workspace.
    await app.sql('update api_keys set workspace_id = (select workspace_id from api_keys where id = ?) where id = ?', [
      one.id,
      two.id,
    ]);
    expect((await metadataOf(two.id)).errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
  });

  test('creating a workspace makes its data key, and deleting it deletes the key, also in plain SQL', async () => {
    const [one, two] = [await app.workspace(admin), await app.workspace(admin)];
    const keysOf = (id: string) => app.sql('select version from data_keys where tenant = ?', [id]);
    expect(await keysOf(one)).toEqual([{ version: 1 }]);
    expect(await keysOf(two)).toEqual([{ version: 1 }]);
    await app.as(admin).deleteWorkspace({ workspaceId: one }).expectSuccess();
    await app.sql('delete from workspaces where id = ?', [two]);
    expect([...(await keysOf(one)), ...(await keysOf(two))]).toEqual([]);
    await app.app.replica.sync();
    expect([one, two].map((id) => app.app.sealer.keys.inMemory(id, 1))).toEqual([null, null]);
  });

  test('B60: the encryptions of each data key are counted', async () => {
    const countOf = async () => {
      await app.app.sealer.keys.refresh();
      const [row] = await app.sql(`select encryptions::int as count from data_keys where tenant = 'accounts'`);
      return row.count as number;
    };
    const before = await countOf();
    expect(before).toBeGreaterThan(0);
    await app.member();
    // Email address, name, and the address and the user agent of the session.
    expect(await countOf()).toBeGreaterThanOrEqual(before + 4);
  });

  test('B60: the encryptions of a key that is twice in memory are added', async () => {
    const { reads } = app.app.database;
    await app.app.sealer.keys.count();
    const [before] = await reads.query<CountRow>(COUNT, [['accounts'], [1], [0]]);
    const [after] = await reads.query<CountRow>(COUNT, [
      ['accounts', 'accounts'],
      [1, 1],
      [3, 4],
    ]);
    expect(after!.encryptions - before!.encryptions).toBe(7);
  });

  test('a field that does not change is not sealed again', async () => {
    const account = await member('Wren');
    const stored = async () =>
      (await app.sql('select email_sealed, display_name, email_index from users where id = ?', [account.id]))[0];
    const before = await stored();
    await app.as(account).updateProfile({ displayName: 'Wren' }).expectSuccess();
    expect(await stored()).toEqual(before);
    await app.as(account).updateProfile({ displayName: 'Finch' }).expectSuccess();
    expect(await stored()).toEqual({ ...before, display_name: expect.stringMatching(FORM) });
    expect((await stored()).display_name).not.toBe(before.display_name);
    expect(await nameOf(account.id)).toBe('Finch');
  });

  test('B62, F3.23: a blind index finds an address in any spelling, and belongs to one account', async () => {
    const email = 'Zoë.Kestrel@Example.com';
    const { user } = await app.as().register({ email, password: PASSWORD, displayName: 'Zoë' }).expectSuccess();
    for (const spelling of [email, 'ZOË.KESTREL@EXAMPLE.COM', ' zoe\u0308.kestrel@example.com ']) {
      const found = await app.graphql(
        'query ($filter: UserFilter) { users(filter: $filter) { nodes { id email } } }',
        { filter: { email: spelling } },
        { bearer: admin.accessToken },
      );
      expect(found.data.users.nodes).toEqual([{ id: user.id, email }]);
      await app.as().register({ email: spelling, password: PASSWORD, displayName: 'x' }).expect('EmailTakenError');
    }
    const copy = 'update users set email_index = (select email_index from users where id = ?) where id = ?';
    await expect(app.sql(copy, [user.id, admin.id])).rejects.toThrow('users_email_index_key');
  });

  test('values that an earlier version has written are sealed once, before the service starts', async () => {
    const { keyring } = app.app;
    const account = await member('Wren');
    const odd = `s2.1.${'A'.repeat(60)}`;
    const other = await member('Finch');
    const key = await app.apiKey(account, { metadata: [{ key: 'team', value: 'payments' }] });
    const workspaceId = await app.workspace(account);
    const signing = await app.signingKey(account, workspaceId);
    for (const [table, column] of cells) {
      await app.sql(`alter table ${table} drop constraint ${table}_${column}_is_sealed`);
    }
    const earlier = (purpose: string, aad: string, plaintext: string) => seal(keyring, { purpose, aad, plaintext });
    const canonical = account.email.toLowerCase();
    const { sealer } = app.app;
    const opened = async (table: string, column: string, id: string, workspace?: string) => {
      const field = app.app.sealedFields.find((each) => each.table === table && each.column === column)!;
      const [row] = await app.sql(`select ${column} as sealed from ${table} where ${field.key} = ?`, [id]);
      return sealer.open(
        field,
        { id, workspaceId: workspace ?? null },
        { sealed: row.sealed, sql: app.app.database.reads },
      );
    };
    const pem = await opened('jwt_keys', 'private_sealed', app.app.jwtKeys.signing.kid);
    await app.sql('update users set display_name = ?, email_sealed = ?, email_index = ? where id = ?', [
      ...['Wren', earlier('users.email', account.id, account.email)],
      ...[blindIndex(keyring, { field: 'users.email', canonical }), account.id],
    ]);
    await app.sql('update users set display_name = ? where id = ?', [odd, other.id]);
    await app.sql(`update sessions set ip_address = '203.0.113.7' where user_id = ?`, [account.id]);
    await app.sql('update api_keys set created_from_ip = ?, metadata_sealed = ? where id = ?', [
      ...['203.0.113.8', earlier('api_keys.metadata', key.id, '[["team","payments"]]'), key.id],
    ]);
    await app.sql('update signing_keys set secret_sealed = ? where id = ?', [
      ...[earlier('signing-key', `signing_keys|secret_sealed|${signing.id}`, signing.secret), signing.id],
    ]);
    await app.sql('update jwt_keys set private_sealed = ? where kid = ?', [
      ...[earlier('jwt-key', app.app.jwtKeys.signing.kid, pem), app.app.jwtKeys.signing.kid],
    ]);
    for (const [table, column] of cells) {
      await app.sql(
        `alter table ${table} add constraint ${table}_${column}_is_sealed
          check (${column} ~ '^s2\\.[1-9][0-9]{0,8}\\.[A-Za-z0-9_-]{38,}$') not valid`,
      );
    }
    await app.app.migrate();
    const waiting = `select 1 from pg_constraint where not convalidated`;
    expect(await app.sql(waiting)).toEqual([]);
    for (const [table, column] of cells) {
      const rows = await app.sql(`select ${column} as value from ${table} where ${column} is not null`);
      for (const { value } of rows) expect(value, `${table}.${column}`).toMatch(FORM);
    }
    const stored = () => app.sql('select email_sealed, display_name from users order by id');
    const after = await stored();
    await app.app.migrate();
    expect(await stored()).toEqual(after);

    const selection = '... on LoginSuccess { user { email displayName } }';
    const { user } = await app.mutate('login', { email: account.email, password: PASSWORD }, selection);
    expect(user).toEqual({ email: account.email, displayName: 'Wren' });
    expect(await nameOf(other.id)).toBe(odd);
    await app.app.replica.sync();
    const read = await app.as(account).apiKey({ id: key.id });
    expect(read).toMatchObject({ createdFromIp: '203.0.113.8', metadata: [{ key: 'team', value: 'payments' }] });
    const viewed = await app.graphql('{ viewer { workspace { id } } }', {}, { signedBy: signing });
    expect(viewed.data.viewer.workspace.id).toBe(workspaceId);
    await app.app.jwtKeys.load();
    const { accessToken } = await app.member();
    expect(await app.accepts(accessToken)).toBe(true);
  });
});
