// Exports of other systems, as files in fixtures/, and the files that `rekey import` reads by default.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { matchesImported, readPasswordHash } from '../../src/accounts/imported-password.ts';
import { readSha256 } from '../../src/api-keys/imported-key.input.ts';
import { LONGEST_RECORD } from '../../src/cli/import/file-line.ts';
import { ImportFile } from '../../src/cli/import/import-file.ts';
import { JsonRecords } from '../../src/cli/import/json-records.ts';
import { type KeyFormatName, layoutOfKeys, readKeys } from '../../src/cli/import/key-formats.ts';
import { layoutOfUsers, readUsers, type UserFormatName } from '../../src/cli/import/user-formats.ts';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { PASSWORD } from '../support/constants.ts';
import { emptyDirectory } from '../support/server-process.ts';

const NOW = new Date('2026-12-04T00:00:00Z');
const FIXTURES = join(import.meta.dirname, 'fixtures');
const ENDS_AT = new Date('2099-01-31T12:00:00Z');

function fileWith(name: string, content: string): string {
  const path = join(emptyDirectory(), name);
  writeFileSync(path, content);
  return path;
}

const keysIn = (path: string, format: KeyFormatName = 'rekey') =>
  Array.fromAsync(readKeys(new ImportFile(path).lines(layoutOfKeys(format)), { format, now: NOW }));
const usersIn = (path: string, format: UserFormatName = 'rekey') =>
  Array.fromAsync(readUsers(new ImportFile(path).lines(layoutOfUsers(format)), { format, now: NOW }));

describe('the keys in an export', () => {
  const owner = 'ada@example.com';

  test.each<[file: string, format: KeyFormatName, secret: string, key: object]>([
    [
      'unkey.json',
      'unkey',
      'acme_3ZHn5nJzYqgfZkWbE2dV8mR7',
      {
        ...{ name: 'billing', owner, expiresAt: ENDS_AT, hint: 'acme_3ZHn…', permissions: ['invoices.read'] },
        metadata: [
          { key: 'plan', value: 'pro' },
          { key: 'seats', value: '5' },
        ],
      },
    ],
    [
      'better-auth.csv',
      'better-auth',
      'ba_4fXw9Qk2LmNpRsTuVyZa7Bc3De',
      {
        ...{ name: 'deploy', owner, expiresAt: ENDS_AT, hint: 'ba_4fX…' },
        ...{ permissions: ['invoices:read', 'invoices:write'], rateLimit: { requests: 100, windowSeconds: 60 } },
        metadata: [{ key: 'team', value: 'ops' }],
      },
    ],
    [
      'litellm.json',
      'litellm',
      'sk-Qk2LmNpRsTuVyZa7Bc3DeF',
      {
        ...{ name: 'chat', owner, expiresAt: ENDS_AT, hint: 'sk-…3DeF', permissions: [] },
        metadata: [{ key: 'service', value: 'chat' }],
      },
    ],
    [
      'opensearch.json',
      'opensearch',
      'os_N5nJzYqgfZkWbE2dV8mR7N5nJzYqgfZkWbE2dV8mR7',
      { name: 'ingest', owner, hint: 'os_…', permissions: ['cluster_monitor'] },
    ],
  ])('%s', async (file, format, secret, key) => {
    const [first, ...others] = await keysIn(join(FIXTURES, file), format);
    expect(first).toMatchObject({ value: key });
    const { hash } = (first as { value: { hash: string } }).value;
    expect(readSha256(hash)).toBe(sha256Base64url(secret));
    // A key that has ended in its system must not become valid here.
    expect(others.length).toBeGreaterThan(0);
    for (const other of others)
      expect(other).toMatchObject({ skipped: expect.stringMatching(/disabled|revoked|expired/) });
  });
});

describe('the users in an export', () => {
  test.each<[file: string, format: UserFormatName, users: (object | string)[]]>([
    [
      'keycloak.json',
      'keycloak',
      [
        {
          email: 'ada@acme.example',
          displayName: 'Ada Lovelace',
          passwordHash: expect.stringMatching(/^\$argon2id\$/),
        },
        {
          email: 'grace@acme.example',
          displayName: 'grace',
          passwordHash: expect.stringMatching(/^\$pbkdf2-sha256\$/),
        },
        { email: 'edsger@acme.example', passwordHash: expect.stringMatching(/^\$pbkdf2-sha1\$i=1000\$/) },
        { email: 'alan@acme.example', passwordHash: null },
        'disabled',
        'service accounts',
      ],
    ],
    ['auth0.ndjson', 'auth0', [{ email: 'ada@auth0.example', displayName: 'ada' }, { email: 'grace@auth0.example' }]],
    [
      'clerk.csv',
      'clerk',
      [
        { email: 'ada@clerk.example', displayName: 'Ada Lovelace' },
        { email: 'grace@clerk.example', displayName: 'grace', passwordHash: null },
      ],
    ],
    [
      'supabase.csv',
      'supabase',
      [{ email: 'ada@supabase.example', displayName: 'Ada Lovelace' }, 'disabled', 'without a confirmed email address'],
    ],
    ['better-auth-users.jsonl', 'better-auth', [{ email: 'ada@better.example', displayName: 'Ada Lovelace' }]],
  ])('%s', async (file, format, users) => {
    const lines = await usersIn(join(FIXTURES, file), format);
    expect(lines).toMatchObject(
      users.map((user) => (typeof user === 'string' ? { skipped: user } : { value: { role: 'MEMBER', ...user } })),
    );
    for (const line of lines) {
      const hash = 'value' in line ? line.value.passwordHash : null;
      if (hash === null) continue;
      const read = readPasswordHash(hash) as { passwordHash: string };
      expect(await matchesImported(read.passwordHash, PASSWORD), hash).toBe(true);
      expect(await matchesImported(read.passwordHash, `${PASSWORD}x`), hash).toBe(false);
    }
  });
});

test('the default fields, in JSON lines and in CSV', async () => {
  const hash = sha256Base64url('x');
  const json = fileWith(
    'keys.jsonl',
    `${JSON.stringify({
      ...{
        name: 'a',
        owner: 'ada@example.com',
        workspace: 'wsp_1',
        hash,
        permissions: ['a', 'b'],
        scopes: ['AUDIT_READ'],
      },
      ...{
        expiresAt: '2099-01-31T13:00:00+01:00',
        description: 'd',
        metadata: { k: 'v' },
        allowedAddresses: ['192.0.2.0/24'],
      },
      rateLimit: { requests: 5, windowSeconds: 60 },
    })}\n\n{"name":"b"}`,
  );
  const csv = fileWith(
    'keys.csv',
    `\ufeffname,owner,workspace,hash,permissions,scopes,expiresAt,description,allowedAddresses,rateLimit\r\na,ada@example.com,wsp_1,${hash},a b,AUDIT_READ,2099-01-31T12:00:00Z,d,192.0.2.0/24,5/60\r\n"b",,,,,,,,,`,
  );
  const value = {
    ...{ name: 'a', owner: 'ada@example.com', workspaceId: 'wsp_1', hash, secret: null, hint: null, description: 'd' },
    ...{ permissions: ['a', 'b'], scopes: ['AUDIT_READ'], allowedAddresses: ['192.0.2.0/24'], expiresAt: ENDS_AT },
    rateLimit: { requests: 5, windowSeconds: 60 },
  };
  const [first, second] = await keysIn(json);
  expect(first).toEqual({ line: 1, value: { ...value, metadata: [{ key: 'k', value: 'v' }] } });
  expect(second).toMatchObject({ line: 3, value: { name: 'b', owner: null } });
  const [one, two] = await keysIn(csv);
  expect(one).toEqual({ line: 2, value: { ...value, metadata: [] } });
  expect(two).toMatchObject({ line: 3, value: { name: 'b', owner: null } });
});

test('`NULL` and `\\N` in the dump of a database mean nothing, and are texts in a file of Rekey', async () => {
  const dump = fileWith('keys.csv', `hash,name,deleted_at_m,expires,enabled,meta\nabc,NULL,\\N,NULL,1,\\N\n`);
  expect(await keysIn(dump, 'unkey')).toMatchObject([{ value: { name: 'Unkey', expiresAt: null, metadata: [] } }]);
  expect(await keysIn(fileWith('keys.csv', 'name,hash\nNULL,abc\n'))).toMatchObject([{ value: { name: 'NULL' } }]);
});

test('a line that cannot be read is rejected by its number, without its content', async () => {
  const path = fileWith(
    'keys.jsonl',
    [
      '{"name":"a","sk_live_0123456789abcdef":1}',
      'sk_live_0123456789abcdef',
      '[]',
      '{"name":1}',
      '{"expiresAt":"2027-01-31"}',
      `"${'x'.repeat(LONGEST_RECORD)}"`,
    ].join('\n'),
  );
  const lines = await keysIn(path);
  expect(lines.map((each) => [each.line, 'problem' in each])).toEqual([1, 2, 3, 4, 5, 6].map((line) => [line, true]));
  expect(JSON.stringify(lines)).not.toContain('sk_live');
  const csv = await keysIn(fileWith('keys.csv', `name,owner\na,b,c\n"a"b",c\nd,e@f.example`));
  expect(csv.filter((each) => 'problem' in each)).toHaveLength(2);
  expect(csv.at(-1)).toMatchObject({ value: { name: 'd' } });
});

test.each([
  ['a wrong name of the array', '{"people":[{"email":"ada@example.com"}]}', /has no array of records/],
  ['no array', '{}', /has no array of records/],
  ['JSON lines', '{"email":"ada@example.com"}\n{"email":"grace@example.com"}', /has no array of records/],
  ['a document that is cut off', '{"users":[{"email":"ada@example.com"}', /is no complete JSON document/],
  ['a document with too many levels', '['.repeat(1_000_000), /has more than 100 levels/],
])('a file with another layout is an error and not an empty import: %s', async (_, content, problem) => {
  await expect(usersIn(fileWith('users.json', content), 'keycloak')).rejects.toThrow(problem);
});

test('an array without records is an empty import', async () => {
  expect(await usersIn(fileWith('users.json', '{"users":[]}'), 'keycloak')).toEqual([]);
  expect(await usersIn(fileWith('users.json', '[]'), 'keycloak')).toEqual([]);
});

test('a CSV file with a quote that never ends is an error that names the line, without its content', async () => {
  const path = fileWith('keys.csv', `name,owner\na,b@example.com\n"sk_live_x${',y\n'.repeat(LONGEST_RECORD)}`);
  const error = await keysIn(path).catch((each: Error) => each);
  expect(error).toMatchObject({ message: expect.stringMatching(/^Line \d+: Is longer than .* missing quote\.$/) });
  expect((error as Error).message).not.toContain('sk_live');
});

test('a JSON document is read in parts, wherever they are cut', () => {
  const document =
    '{"a":[{"no":1}],"users":[{"name":"}\\"]","n":{"users":[{"x":1}]}},\n{"name":"é"}],"z":{"users":[{"name":"c"}]}}';
  const names = (chunks: string[]) => {
    const records = new JsonRecords(['users']);
    const read = chunks.flatMap((chunk) => [...records.read(chunk)]);
    expect(records.isComplete).toBe(true);
    return read.map((each) => ('record' in each ? [each.line, each.record.name] : each));
  };
  const expected = [
    [1, '}"]'],
    [2, 'é'],
    [3, 'c'],
  ];
  expect(names([document])).toEqual(expected);
  expect(names([...document])).toEqual(expected);
  for (let cut = 1; cut < document.length; cut++)
    expect(names([document.slice(0, cut), document.slice(cut)])).toEqual(expected);
});

test('a SHA-256 in hex, base64 and base64url is the same, and any other text is rejected', () => {
  const digest = sha256Base64url('secret');
  const bytes = Buffer.from(digest, 'base64url');
  for (const text of [
    digest,
    `${digest}=`,
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64'),
  ])
    expect(readSha256(text)).toBe(digest);
  for (const text of ['', 'secret', digest.slice(1), `${digest.slice(0, -1)}_`, `${digest}==`, 'g'.repeat(64)])
    expect(readSha256(text), text).toBeNull();
});
