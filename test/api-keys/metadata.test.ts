// Metadata is sealed in the database, and only those who see the key, and services that introspect it, read it.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Account, backends, MASTER_KEY, startTestApp, type TestApp } from '../support/app.ts';
import { migratedDatabase } from '../support/postgres-template.ts';

const METADATA = [
  { key: 'cost-center', value: 'Quillfeather 7' },
  { key: '__proto__', value: '' },
];

describe.each(backends())('the metadata of an API key, on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  beforeAll(async () => {
    app = await start({ env: { REKEY_LOG_LEVEL: 'trace' } });
    member = await app.member();
  });
  afterAll(() => app.close());

  const sealedOf = async (id: string): Promise<string | null> =>
    (await app.sql('select metadata_sealed from api_keys where id = ?', [id]))[0].metadata_sealed;

  test('is returned in the order in which it was set, and is in no row, no audit event and no log line', async () => {
    const key = await app.apiKey(member, { metadata: METADATA });
    const { metadata } = (await app.as(member).apiKey({ id: key.id }))!;
    expect(metadata).toEqual(METADATA);
    await app
      .as(member)
      .updateApiKey({ apiKeyId: key.id, metadata: [{ key: 'heron', value: 'Quillfeather 8' }] })
      .expectSuccess();
    for (const table of ['api_keys', 'api_key_creations', 'audit_events', 'auth_inval']) {
      const [{ rows }] = await app.sql(`select string_agg(t::text, ' ') as rows from ${table} t`);
      expect(rows ?? '', table).not.toMatch(/cost-center|Quillfeather|heron/);
    }
    expect(app.log.join('')).not.toMatch(/cost-center|Quillfeather|heron/);
  });

  test('is sealed anew each time, and none is stored as nothing', async () => {
    const [one, other] = [
      await app.apiKey(member, { metadata: METADATA }),
      await app.apiKey(member, { metadata: METADATA }),
    ];
    expect(await sealedOf(one.id)).toMatch(/^s2\.1\./);
    expect(await sealedOf(one.id)).not.toBe(await sealedOf(other.id));
    await app.as(member).updateApiKey({ apiKeyId: one.id, metadata: [] }).expectSuccess();
    expect(await sealedOf(one.id)).toBeNull();
    expect((await app.as(member).apiKey({ id: one.id }))!.metadata).toEqual([]);
  });

  test('that was sealed for another key opens for no other one, and the key itself still works', async () => {
    const [one, other] = [await app.apiKey(member), await app.apiKey(member, { metadata: METADATA })];
    await app.sql('update api_keys set metadata_sealed = ? where id = ?', [await sealedOf(other.id), one.id]);
    const { data, errors } = await app.graphql(
      'query ($id: ID!) { apiKey(id: $id) { metadata { key } } }',
      { id: one.id },
      { bearer: member.accessToken },
    );
    expect(data?.apiKey ?? null).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    expect(await app.accepts(one.secret)).toBe(true);
  });

  test('that cannot be opened can be replaced and removed', async () => {
    const [one, other] = [await app.apiKey(member), await app.apiKey(member, { metadata: METADATA })];
    for (const metadata of [METADATA, []]) {
      await app.sql('update api_keys set metadata_sealed = ? where id = ?', [await sealedOf(other.id), one.id]);
      const { apiKey } = await app.as(member).updateApiKey({ apiKeyId: one.id, metadata }).expectSuccess();
      expect(apiKey.metadata).toEqual(metadata);
    }
    expect(await sealedOf(one.id)).toBeNull();
  });

  test('is returned by introspection as it is now, and in no header', async () => {
    const key = await app.apiKey(member, { metadata: METADATA });
    const service = await app.apiKey(await app.admin(), { scopes: ['INTROSPECT'] });
    const introspect = async () => {
      const answer = await fetch(`${app.url}/v1/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${service.secret}` },
        body: new URLSearchParams({ token: key.secret }),
      });
      return (await answer.json()) as { active: boolean; metadata?: object };
    };
    expect(Object.entries((await introspect()).metadata!)).toEqual(METADATA.map(({ key, value }) => [key, value]));
    const { headers } = await fetch(`${app.url}/v1/verify`, { headers: { 'x-api-key': key.secret } });
    expect(JSON.stringify([...headers])).not.toMatch(/cost-center|Quillfeather/);

    // Others than the service are not affected by a change of the metadata: it is no row in the log.
    const metadata = [{ key: 'cost-center', value: '8' }];
    await app.as(member).updateApiKey({ apiKeyId: key.id, metadata }).expectSuccess();
    expect((await introspect()).metadata).toEqual({ 'cost-center': '8' });
    await app.as(member).updateApiKey({ apiKeyId: key.id, metadata: [] }).expectSuccess();
    expect((await introspect()).metadata).toBeUndefined();

    const document = `query ($token: String!) { introspect(token: $token) { credential { ... on ApiKey { metadata { value } } } } }`;
    await app.as(member).updateApiKey({ apiKeyId: key.id, metadata }).expectSuccess();
    const { data } = await app.graphql(document, { token: key.secret }, { apiKey: service.secret });
    expect(data.introspect.credential).toEqual({ metadata: [{ value: '8' }] });
  });
});

describe.skipIf(inject('postgresUrl') === null)('the metadata of an API key, with another master key', () => {
  const DOCUMENT = 'query ($id: ID!) { apiKey(id: $id) { metadata { key value } } }';
  /** Runs this on a replica with these master keys. */
  async function on<Result>(
    databaseUrl: string,
    env: Record<string, string>,
    work: (app: TestApp) => Promise<Result>,
  ): Promise<Result> {
    const app = await startTestApp({ databaseUrl, env });
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  }

  test('opens as long as the earlier master key is retired, and without it the service does not start', async () => {
    const databaseUrl = await migratedDatabase();
    const key = await on(databaseUrl, {}, async (app) =>
      app.apiKey(await app.member(), { metadata: METADATA, scopes: ['API_KEYS_READ', 'API_KEYS_WRITE'] }),
    );
    const changed = { REKEY_MASTER_KEY: randomBytes(32).toString('base64') };
    const both = { ...changed, REKEY_RETIRED_MASTER_KEYS: MASTER_KEY };
    await on(databaseUrl, both, async (app) => {
      const { data } = await app.graphql(DOCUMENT, { id: key.id }, { apiKey: key.secret });
      expect(data.apiKey.metadata).toEqual(METADATA);
    });
    await expect(on(databaseUrl, changed, async () => undefined)).rejects.toThrow(/REKEY_MASTER_KEY: the database/);
    // It is sealed with a data key, which the earlier master key still opens.
    await on(databaseUrl, both, async (app) => {
      const metadata = [{ key: 'cost-center', value: '8' }];
      await app.as(key).updateApiKey({ apiKeyId: key.id, metadata }).expectSuccess();
      const [{ sealed }] = await app.sql('select metadata_sealed as sealed from api_keys where id = ?', [key.id]);
      const { data } = await app.graphql(DOCUMENT, { id: key.id }, { apiKey: key.secret });
      expect(data.apiKey.metadata).toEqual(metadata);
      expect(sealed).toMatch(/^s2\./);
    });
  });
});
