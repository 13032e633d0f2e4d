// F0.8: after every operation on secrets and on personal data, none is in the database, in Redis, in the log, in the metrics
// or in the response to a rejected request: in no encoding, and not in part.
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { createClient } from '@keyv/redis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { MASTER_KEY, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { findPostgres } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { signedHeaders } from '../support/signing.ts';

const SETUP_TOKEN = 'Vq7rT2xLw9Kd4mZs8Hb3';
const WRONG_PASSWORD = 'marble thicket ostrich viola';
const EMAIL = 'persephone.quillfeather@example.net';
const ADDRESS = '198.51.100.217';
const USER_AGENT = 'Cormorant/7.3 (wanderer)';
const NAME = 'Kestrel Wimbledown';

/** Every secret of the run, by its name. The tour fills it. */
type Secrets = Map<string, string | Buffer>;

/** Every spelling in which a secret could appear. Its first twelve characters are enough to find it. */
function* spellings(secret: string | Buffer): Generator<[encoding: string, needle: Buffer]> {
  const bytes = Buffer.from(secret);
  const part = bytes.subarray(0, 12);
  yield ['plain', part];
  yield ['plain, in lower case', Buffer.from(part.toString('latin1').toLowerCase(), 'latin1')];
  yield ['plain, backwards', Buffer.from(part).reverse()];
  yield ['plain, in upper case', Buffer.from(part.toString('latin1').toUpperCase(), 'latin1')];
  yield ['hex', Buffer.from(part.toString('hex'))];
  yield ['hex, in upper case', Buffer.from(part.toString('hex').toUpperCase())];
  yield ['a list of bytes', Buffer.from([...part].join(','))];
  yield ['percent-encoded', Buffer.from([...part].map((byte) => `%${byte.toString(16)}`).join(''))];
  yield ['UTF-16', Buffer.from(part.toString('latin1'), 'utf16le')];
  for (const encoding of ['base64', 'base64url'] as const) {
    // At the beginning of an encoded text, and after one or two other bytes.
    for (const before of [0, 1, 2]) {
      const text = Buffer.concat([Buffer.alloc(before), part]).toString(encoding);
      const [from, to] = [[0, 2, 3][before]!, Math.floor(((before + part.length) * 8) / 6)];
      yield [`${encoding}, at ${before}`, Buffer.from(text.slice(from, to))];
    }
  }
}

/** Which of the secrets are in these bytes, and in which encoding. */
function found(secrets: Secrets, haystack: Buffer): string[] {
  const hits: string[] = [];
  for (const [name, secret] of secrets) {
    for (const [encoding, needle] of spellings(secret))
      if (haystack.includes(needle)) hits.push(`${name}: ${encoding}`);
  }
  return hits;
}

/** Most blocks of a database's files are empty. */
function withoutEmptyBlocks(tar: Buffer): Buffer {
  const empty = Buffer.alloc(512);
  const blocks: Buffer[] = [];
  for (let at = 0; at < tar.length; at += 512) {
    const block = tar.subarray(at, at + 512);
    if (!block.equals(empty)) blocks.push(block);
  }
  return Buffer.concat(blocks);
}

/** Runs every operation on secrets, with valid and invalid ones. Responses to rejected requests go to `refusals`. */
async function tour(app: TestApp, secrets: Secrets, refusals: string[]): Promise<void> {
  const ask = async (path: string, init: RequestInit) => {
    const client = { 'x-forwarded-for': ADDRESS, 'user-agent': USER_AGENT };
    const response = await fetch(`${app.url}${path}`, { ...init, headers: { ...client, ...init.headers } });
    const text = await response.text();
    const headers = JSON.stringify([...response.headers]);
    return { status: response.status, text, headers };
  };
  const graphql = (query: string, variables: object, headers: Record<string, string> = {}, operationName?: string) =>
    ask('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables, operationName }),
    });
  const refused = async (asking: Promise<{ status: number; text: string; headers: string }>) => {
    const { status, text, headers } = await asking;
    refusals.push(`${status} ${headers} ${text}`);
  };
  /** Only the signature of a token is secret. The rest of it follows from the database. */
  const keepToken = (name: string, token: string) => secrets.set(`${name}, its signature`, token.split('.')[2]!);
  const login = (password: string) =>
    `mutation { login(input: { email: "${EMAIL}", password: ${JSON.stringify(password)} }) {
      __typename ... on LoginSuccess { tokens { accessToken refreshToken } } } }`;

  secrets.set('the setup token', SETUP_TOKEN).set('the master key', MASTER_KEY);
  secrets.set('the bytes of the master key', Buffer.from(MASTER_KEY, 'base64'));
  secrets.set('the password', PASSWORD).set('the wrong password', WRONG_PASSWORD).set('the address', EMAIL);
  secrets.set('the address of the client', ADDRESS).set('the user agent', USER_AGENT).set('the name', NAME);

  // Bootstrap, with a wrong token and with a bad password first.
  const bootstrap = (setupToken: string, password: string) =>
    graphql(
      `mutation ($input: BootstrapInput!) { bootstrap(input: $input) { __typename ... on UserError { message }
        ... on BootstrapSuccess { tokens { accessToken refreshToken } } } }`,
      { input: { setupToken, email: EMAIL, password, displayName: NAME } },
    );
  const wrongSetupToken = 'Jc5nY8uPf1Gt6vQa0Re2';
  secrets.set('a wrong setup token', wrongSetupToken);
  await refused(bootstrap(wrongSetupToken, PASSWORD));
  await refused(bootstrap(SETUP_TOKEN, PASSWORD.slice(0, 12)));
  const { tokens } = JSON.parse((await bootstrap(SETUP_TOKEN, PASSWORD)).text).data.bootstrap;
  keepToken('the first access token', tokens.accessToken);
  secrets.set('the first refresh token', tokens.refreshToken);

  // Login, with the right and with the wrong password.
  const session = JSON.parse((await graphql(login(PASSWORD), {})).text).data.login.tokens;
  keepToken('the second access token', session.accessToken);
  secrets.set('the second refresh token', session.refreshToken);
  await refused(graphql(login(WRONG_PASSWORD), {}));
  const bearer = { authorization: `Bearer ${session.accessToken}` };

  // Keys: created, used at every endpoint, rotated with and without an overlap, revoked.
  const metadata = 'Warbler thicket 42';
  secrets.set('the metadata of a key', metadata);
  const create = (idempotencyKey: string) => `mutation { createApiKey(input: { name: "a key",
    scopes: [API_KEYS_READ, API_KEYS_WRITE, INTROSPECT], idempotencyKey: "${idempotencyKey}", metadata: [{ key: "bird", value: "${metadata}" }] }) {
    ... on CreateApiKeySuccess { secret apiKey { id } } } }`;
  const { secret, apiKey } = JSON.parse((await graphql(create('one'), {}, bearer)).text).data.createApiKey;
  secrets.set('a key', secret);
  const rotate = async (overlapSeconds: number, headers: Record<string, string>) => {
    const query = `mutation { rotateApiKey(input: { apiKeyId: "${apiKey.id}", overlapSeconds: ${overlapSeconds} }) {
      ... on RotateApiKeySuccess { secret } } }`;
    return JSON.parse((await graphql(query, {}, headers)).text).data.rotateApiKey.secret as string;
  };
  const use = (text: string) => [
    ask('/v1/verify', { headers: { authorization: `Bearer ${text}` } }),
    ask('/v1/verify', { headers: { 'x-api-key': text } }),
    graphql('{ viewer { user { id } apiKeys: credential { id } } }', {}, { authorization: `Bearer ${text}` }),
    graphql('{ apiKeys { nodes { id name hint lastUsedAt } } }', {}, { 'x-api-key': text }),
    ask('/v1/introspect', {
      method: 'POST',
      headers: { 'x-api-key': text },
      body: new URLSearchParams({ token: text }),
    }),
    graphql('query ($token: String!) { introspect(token: $token) { active } }', { token: text }, bearer),
  ];
  await Promise.all(use(secret));
  const second = await rotate(60, { 'x-api-key': secret });
  secrets.set('a key after its first rotation', second);
  await Promise.all([...use(secret), ...use(second)]);
  const third = await rotate(0, bearer);
  secrets.set('a key after its second rotation', third);
  await Promise.all([...use(third), ...use(secret).map(refused), ...use(second).map(refused)]);

  // Invalid ones, in every place where clients put them by mistake.
  const wrong = { 'an unknown key': makeSecret('rka'), 'a mistyped key': `${makeSecret('rka').slice(0, -1)}!` };
  for (const [name, text] of Object.entries(wrong)) {
    secrets.set(name, text);
    await Promise.all(use(text).map(refused));
  }
  const forged = session.accessToken.replace(/.{20}$/, 'AAAAAAAAAAAAAAAAAAAA');
  await Promise.all(use(forged).map(refused));
  await Promise.all(use(session.refreshToken).map(refused));
  await refused(ask(`/v1/verify?token=${third}&api_key=${third}`, {}));
  await refused(ask(`/${third}`, {}));
  const { id, ...places } = {
    id: `{ viewer { user { id } } }`,
    field: `{ ${third} }`,
    argument: `{ viewer(${third}: 1) { user { id } } }`,
    literal: `{ apiKeys(first: "${third}") { nodes { id } } }`,
    enum: `{ apiKeys(filter: { status: ${third} }) { nodes { id } } }`,
    fragment: `{ ...${third} }`,
    type: `{ viewer { ... on ${third} { id } } }`,
    directive: `{ viewer @${third} { user { id } } }`,
    variable: `query { apiKeys(first: $${third}) { nodes { id } } }`,
    document: third,
    literalToken: `{ apiKeys(first: "${session.accessToken}") { nodes { id } } }`,
  };
  for (const document of Object.values(places)) await refused(graphql(document, {}, bearer));
  await refused(graphql(id, {}, bearer, third));
  await refused(graphql('{ viewer { user { id } } }', {}, { authorization: third }));
  await refused(graphql(`query ($token: Int!) { apiKeys(first: $token) { nodes { id } } }`, { token: third }, bearer));
  await refused(graphql('mutation ($input: LoginInput!) { login(input: $input) { __typename } }', { input: { email: EMAIL, password: { text: PASSWORD } } })); // biome-ignore format: one thought
  await refused(
    ask('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"query": "${third}` }),
  );
  await refused(ask('/graphql', { method: 'POST', headers: { ...bearer, 'x-api-key': third }, body: '{}' }));
  // And one whose lookup fails with an error of the database.
  const sql = (text: string) => app.app.database.fork().execute(text);
  await sql('alter table api_keys rename to api_keys_hidden');
  const troubled = makeSecret('rka');
  secrets.set('a key that could not be looked up', troubled);
  await Promise.all(use(troubled).map(refused));
  await refused(graphql(create('two'), {}, bearer));
  await sql('alter table api_keys_hidden rename to api_keys');

  await graphql(`mutation { revokeApiKey(input: { apiKeyId: "${apiKey.id}" }) { __typename } }`, {}, bearer);
  await Promise.all(use(third).map(refused));
  const good = JSON.parse((await graphql(create('two'), {}, bearer)).text).data.createApiKey.secret;
  secrets.set('a key that stays good', good);
  await Promise.all(use(good));

  // Daemon tokens: created, used at every endpoint, renewed too early, revoked with their daemon.
  const inWorkspace = `mutation { createWorkspace(input: { name: "w" }) { ... on CreateWorkspaceSuccess { workspace { id } } } }`;
  const { workspace } = JSON.parse((await graphql(inWorkspace, {}, bearer)).text).data.createWorkspace;
  const createToken = `mutation ($expiresAt: DateTime!) { createDaemonToken(input: { workspaceId: "${workspace.id}", daemonId: "d",
    scopes: [DAEMON_TOKENS_WRITE], expiresAt: $expiresAt }) { ... on CreateDaemonTokenSuccess { secret } } }`;
  const expiresAt = new Date(Date.now() + 3_600_000);
  for (const name of ['a daemon token', 'another daemon token']) {
    const daemon = JSON.parse((await graphql(createToken, { expiresAt }, bearer)).text).data.createDaemonToken.secret;
    secrets.set(name, daemon);
    await Promise.all(use(daemon));
    await refused(graphql('mutation { renewDaemonToken { __typename } }', {}, { 'x-api-key': daemon }));
    if (name === 'another daemon token') continue;
    const end = `mutation { revokeDaemon(input: { workspaceId: "${workspace.id}", daemonId: "d" }) { __typename } }`;
    await graphql(end, {}, { 'x-api-key': daemon });
    await Promise.all(use(daemon).map(refused));
  }
  secrets.set('an unknown daemon token', makeSecret('rkd'));
  await Promise.all(use(secrets.get('an unknown daemon token') as string).map(refused));

  // Signing keys: the secret is never sent. It signs, and it is rejected where other secrets are accepted.
  const createSigner = `mutation { createSigningKey(input: { workspaceId: "${workspace.id}" }) {
    ... on CreateSigningKeySuccess { secret signingKey { id } } } }`;
  const signing = JSON.parse((await graphql(createSigner, {}, bearer)).text).data.createSigningKey;
  const replace = `mutation { rotateSigningKey(input: { signingKeyId: "${signing.signingKey.id}" }) {
    ... on RotateSigningKeySuccess { secret signingKey { id } } } }`;
  const successor = JSON.parse((await graphql(replace, {}, bearer)).text).data.rotateSigningKey;
  for (const [name, { secret, signingKey }] of Object.entries({ signing, successor })) {
    secrets.set(`the secret of a signing key: ${name}`, secret);
    await Promise.all(use(secret).map(refused));
    const signed = { headers: signedHeaders({ id: signingKey.id, secret }) };
    expect((await ask('/v1/verify', signed)).status).toBe(204);
    await refused(ask('/v1/verify', signed)); // A replay.
    await refused(ask('/v1/verify', { headers: { ...signed.headers, 'x-signature': secret } }));
    await refused(ask('/v1/verify', { headers: { ...signed.headers, 'x-nonce': secret } }));
  }
  // Invitations and password resets: issued, replaced, used as a credential, used, used again.
  const invitee = 'ambrose.thistlewood@example.net';
  const newPassword = 'cobalt ferret pinwheel saga';
  secrets.set('the address of an invitation', invitee).set('the password of an invited user', newPassword);
  const invite = `mutation { inviteUser(input: { email: "${invitee}", displayName: "Ambrose" }) {
    ... on InviteUserSuccess { user { id } invitationToken } } }`;
  const accept = (token: string) =>
    graphql(
      `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename ... on UserError { message }
        ... on AcceptInvitationSuccess { tokens { accessToken refreshToken } } } }`,
      { input: { invitationToken: token, password: newPassword } },
    );
  const reset = (token: string) =>
    graphql(
      `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename ... on UserError { message } } }`,
      { input: { resetToken: token, newPassword: PASSWORD } },
    );
  const replaced = JSON.parse((await graphql(invite, {}, bearer)).text).data.inviteUser.invitationToken;
  const { user, invitationToken } = JSON.parse((await graphql(invite, {}, bearer)).text).data.inviteUser;
  const createReset = `mutation { createPasswordReset(input: { userId: "${user.id}" }) { __typename
    ... on CreatePasswordResetSuccess { resetToken } } }`;
  await refused(graphql(createReset, {}, bearer));
  const accepted = JSON.parse((await accept(invitationToken)).text).data.acceptInvitation.tokens;
  keepToken('the access token of an invited user', accepted.accessToken);
  const { resetToken } = JSON.parse((await graphql(createReset, {}, bearer)).text).data.createPasswordReset;
  secrets.set('the refresh token of an invited user', accepted.refreshToken).set('a replaced invitation', replaced);
  secrets.set('an invitation', invitationToken).set('a password reset', resetToken);
  await Promise.all([replaced, invitationToken, resetToken].flatMap((token) => use(token).map(refused)));
  await reset(resetToken);
  for (const token of [replaced, invitationToken, resetToken])
    await Promise.all([accept(token), reset(token)].map(refused));

  await graphql('mutation { logout { __typename } }', {}, bearer);
  await Promise.all(use(session.accessToken).map(refused));
}

test('the search finds a secret in every spelling', () => {
  const secret = makeSecret('rka');
  const secrets: Secrets = new Map([['it', secret]]);
  const hidden = [
    secret,
    `x${secret}`,
    secret.slice(0, 12),
    Buffer.from(secret).toString('hex'),
    Buffer.from(`xy${secret}`).toString('base64'),
    Buffer.from(`x${secret}z`).toString('base64url'),
    JSON.stringify(Buffer.from(secret)),
  ];
  for (const text of hidden) expect(found(secrets, Buffer.from(`before ${text} after`)), text).not.toEqual([]);
  expect(found(secrets, Buffer.from(`before ${makeSecret('rka')} after`))).toEqual([]);
});

/** The same checks on both databases. */
function itStaysSecret(
  given: () => { app: TestApp; secrets: Secrets; refusals: string[] },
  stored: () => Promise<Buffer>,
) {
  test('the tour used enough secrets and got enough rejections', () => {
    const { secrets, refusals } = given();
    expect(secrets.size).toBeGreaterThanOrEqual(15);
    expect(refusals.length).toBeGreaterThanOrEqual(50);
    expect(refusals.filter((answer) => answer.startsWith('401')).length).toBeGreaterThanOrEqual(20);
    expect(refusals.filter((answer) => answer.startsWith('503')).length).toBeGreaterThanOrEqual(5);
  });

  test('F0.8: no secret is in the database', async () => {
    const { secrets } = given();
    const dump = await stored();
    expect(dump.includes('api_keys')).toBe(true);
    expect(found(secrets, dump)).toEqual([]);
  });

  test('F0.8: no secret is in the metrics', async () => {
    const { app, secrets } = given();
    const metrics = await app.app.registry.metrics();
    expect(metrics).toContain('rekey_');
    expect(found(secrets, Buffer.from(metrics))).toEqual([]);
  });

  test('F0.8: no secret is in the log at level trace', () => {
    const { app, secrets } = given();
    const log = app.log.join('');
    expect(log).toContain('api_keys'); // It names the lookups that failed.
    expect(found(secrets, Buffer.from(log))).toEqual([]);
  });

  test('F0.8: no secret is in the response to a rejected request', () => {
    const { secrets, refusals } = given();
    expect(found(secrets, Buffer.from(refusals.join('\n')))).toEqual([]);
  });
}

describe('on the embedded database', () => {
  const secrets: Secrets = new Map();
  const refusals: string[] = [];
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({
      env: {
        ...{ REKEY_LOG_LEVEL: 'trace', REKEY_SETUP_TOKEN: SETUP_TOKEN, REKEY_MASTER_KEY: MASTER_KEY },
        REKEY_TRUSTED_PROXIES: '127.0.0.1',
      },
    });
    await tour(app, secrets, refusals);
  });
  afterAll(() => app?.close());

  itStaysSecret(
    () => ({ app, secrets, refusals }),
    async () => {
      // Every file, with the write-ahead log: it keeps what was in a table for only a moment.
      const connection = app.app.database.fork().getConnection() as unknown as { getNativeClient(): Promise<PGlite> };
      const dump = await (await connection.getNativeClient()).dumpDataDir('none');
      return withoutEmptyBlocks(Buffer.from(await dump.arrayBuffer()));
    },
  );
});

describe.skipIf(inject('postgresUrl') === null || findRedis() === null)('on PostgreSQL and Redis', () => {
  const secrets: Secrets = new Map();
  const refusals: string[] = [];
  let redis: RedisServer;
  let app: TestApp;
  let databaseUrl: string;

  beforeAll(async () => {
    redis = await startRedis();
    databaseUrl = await migratedDatabase();
    // With the limits on, because they write to Redis, too.
    const env = {
      REKEY_LOG_LEVEL: 'trace',
      REKEY_SETUP_TOKEN: SETUP_TOKEN,
      REKEY_TRUSTED_PROXIES: '127.0.0.1',
      REKEY_LOGIN_PER_MINUTE: '1000',
      REKEY_FAILED_AUTH_PER_MINUTE: '100000',
    };
    app = await startTestApp({ databaseUrl, redisUrl: redis.url, env });
    await vi.waitFor(async () => expect(await app.app.shared!.isReachable()).toBe(true));
    await tour(app, secrets, refusals);
  });
  afterAll(async () => {
    await app?.close();
    await redis?.destroy();
  });

  itStaysSecret(
    () => ({ app, secrets, refusals }),
    async () => {
      const command = join(dirname(realpathSync(join(findPostgres()!, 'postgres'))), 'pg_dump');
      const given = ['--inserts', `--dbname=${databaseUrl}`];
      return execFileSync(command, given, { maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] });
    },
  );

  test('F0.8: no secret is in the name or the value of an entry in Redis', async () => {
    expect(await app.accepts(String(secrets.get('a key that stays good')))).toBe(true);
    const client = createClient({ url: redis.url });
    client.on('error', () => undefined); // Redis ends before it if this test fails.
    onTestFinished(() => client.destroy());
    await client.connect();
    const entries = async () => (await client.keys('rekey:auth:*')).length;
    await expect.poll(entries).toBeGreaterThan(0);
    const everything: Buffer[] = [];
    for (const name of await client.keys('*')) {
      everything.push(Buffer.from(name));
      const type = await client.type(name);
      if (type === 'string') everything.push(Buffer.from((await client.get(name)) ?? ''));
      else if (type === 'list')
        everything.push(...(await client.lRange(name, 0, -1)).map((value) => Buffer.from(value)));
      else if (type === 'hash') everything.push(Buffer.from(JSON.stringify(await client.hGetAll(name))));
      // `none`: it has expired meanwhile. Its name was read.
      else if (type !== 'none') throw new Error(`${name} is a ${type}: teach this test to read it.`);
    }
    expect(everything.length).toBeGreaterThan(2);
    expect(found(secrets, Buffer.concat(everything))).toEqual([]);
  });
});
