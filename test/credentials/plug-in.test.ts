// A new kind of credential is one feature: every endpoint, resolver, metric, purge and check handles it.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CredentialType } from '../../src/credentials/credential-type.ts';
import { CredentialTypes } from '../../src/credentials/credential-types.ts';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { features } from '../../src/features.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { proofOf, toySchema, toys } from './toy.feature.ts';

describe.each(backends())('a third kind of credential on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let toy: { id: string; secret: string };
  let made = 0;

  beforeAll(async () => {
    app = await start({ overrides: { features: [...features, toys], schema: toySchema } });
    member = await app.member();
  });
  afterAll(() => app?.close());

  beforeEach(async () => {
    toy = { id: `toy_row_${++made}`, secret: `toy_${randomBytes(16).toString('hex')}` };
    await app.sql('insert into toys (id, user_id, secret_hash) values (?, ?, ?)', [
      toy.id,
      member.id,
      sha256Base64url(toy.secret),
    ]);
  });

  interface Sent {
    method?: string;
    body?: string;
    type?: string;
    /** What the proof covers, if that differs from what is sent. */
    proved?: { method?: string; target?: string; body?: string };
  }

  function send(target: string, { method = 'GET', body = '', type = 'application/json', proved = {} }: Sent = {}) {
    return fetch(`${app.url}${target}`, {
      method,
      headers: {
        authorization: `Bearer ${toy.secret}`,
        'x-toy-proof': proofOf(toy.secret, { method, target, body, ...proved }),
        ...(body === '' ? {} : { 'content-type': type }),
      },
      ...(body === '' ? {} : { body }),
    });
  }
  const ask = async (query: string, sent: Sent = {}) => {
    const response = await send('/graphql', { method: 'POST', body: JSON.stringify({ query }), ...sent });
    // biome-ignore lint/suspicious/noExplicitAny: whatever the document asked for
    return (await response.json()) as any;
  };
  const changed = () => expect.poll(async () => (await send('/v1/verify')).status).toBe(401);

  test('passes /v1/verify with a proof of each request, also when it is cached', async () => {
    for (let again = 0; again < 2; again++) {
      const { status, headers } = await send('/v1/verify');
      expect([status, headers.get('x-rekey-credential'), headers.get('x-rekey-permissions')]).toEqual([
        204,
        toy.id,
        'play',
      ]);
    }
    expect((await send('/v1/verify?permission=play')).status).toBe(204);
    for (const proved of [{ method: 'POST' }, { target: '/v1/verify?permission=play' }, { body: 'x' }]) {
      expect((await send('/v1/verify', { proved })).status, JSON.stringify(proved)).toBe(401);
    }
  });

  test('is rejected where its kind may not be presented, cached or not', async () => {
    const headers = {
      'x-api-key': toy.secret,
      'x-toy-proof': proofOf(toy.secret, { method: 'GET', target: '/v1/verify', body: '' }),
    };
    for (let again = 0; again < 2; again++) {
      expect((await fetch(`${app.url}/v1/verify`, { headers })).status).toBe(401);
      expect((await send('/v1/verify')).status).toBe(204);
    }
  });

  test('is the viewer of GraphQL, by its own type, and the proof covers the body', async () => {
    const query = '{ viewer { permissions credential { __typename id status } user { id } } }';
    expect((await ask(query)).data.viewer).toEqual({
      permissions: ['play'],
      credential: { __typename: 'Toy', id: toy.id, status: 'ACTIVE' },
      user: { id: member.id },
    });
    const { errors } = await ask(query, { proved: { body: '{}' } });
    expect(errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  test('is introspected without a proof, over HTTP and GraphQL', async () => {
    const admin = await app.admin();
    const response = await fetch(`${app.url}/v1/introspect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.accessToken}` },
      body: new URLSearchParams({ token: toy.secret }),
    });
    expect(await response.json()).toMatchObject({ active: true, credential: toy.id, permissions: ['play'] });
    const query = 'query ($token: String!) { introspect(token: $token) { active credential { __typename id } } }';
    const { data } = await app.graphql(query, { token: toy.secret }, { bearer: admin.accessToken });
    expect(data.introspect).toEqual({ active: true, credential: { __typename: 'Toy', id: toy.id } });
  });

  test('as the caller of /v1/introspect, its proof covers the form', async () => {
    const form = { method: 'POST', body: 'token=x', type: 'application/x-www-form-urlencoded' };
    expect((await send('/v1/introspect', form)).status).toBe(403); // It lacks the scope INTROSPECT.
    expect((await send('/v1/introspect', { ...form, proved: { body: 'token=y' } })).status).toBe(401);
  });

  test('is confirmed inside the transaction of a change that it asks for', async () => {
    const mutation = 'mutation { createWorkspace(input: { name: "toys" }) { __typename } }';
    expect((await ask(mutation)).data.createWorkspace.__typename).toBe('CreateWorkspaceSuccess');
    // As if it were revoked between its authentication and the transaction.
    const { cache } = app.app;
    const entry = cache.recall(sha256Base64url(toy.secret));
    await app.sql('update toys set revoked_at = now() where id = ?', [toy.id]);
    await changed();
    const recall = vi.spyOn(cache, 'recall').mockReturnValue(entry);
    onTestFinished(() => recall.mockRestore());
    expect((await ask('{ viewer { scopes } }')).data.viewer.scopes).toContain('WORKSPACES_WRITE');
    expect((await ask(mutation)).errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  test('is rejected as soon as its row says so, and its cached entry names what to watch', async () => {
    expect((await send('/v1/verify')).status).toBe(204);
    const entry = app.app.cache.recall(sha256Base64url(toy.secret));
    expect(entry?.tags).toEqual([`toy:${toy.id}`, `user:${member.id}`]);
    const doubts: string[] = [];
    const stop = app.app.feed.watch(entry!.tags, (doubt) => void doubts.push(doubt));
    await app.sql('delete from toys where id = ?', [toy.id]);
    await changed();
    stop();
    expect(doubts).toEqual(['invalidated']);
  });

  test('is counted by its kind, and its last use is shown and purged', async () => {
    const metric = async (outcome: string) => {
      const text = await (await fetch(`${app.url}/metrics`)).text();
      const line = text.match(
        new RegExp(`^rekey_authentications_total\\{kind="toy",outcome="${outcome}"\\} (\\d+)$`, 'm'),
      );
      return Number(line?.[1]);
    };
    const before = { accepted: await metric('accepted'), refused: await metric('refused') };
    await send('/v1/verify');
    await send('/v1/verify', { proved: { method: 'PUT' } });
    expect(await metric('accepted')).toBe(before.accepted + 1);
    expect(await metric('refused')).toBe(before.refused + 1);

    const used = () => app.sql('select 1 from credential_usage where credential_id = ?', [toy.id]);
    await expect.poll(async () => (await used()).length, { timeout: 10_000 }).toBe(1);
    const { data } = await ask('{ viewer { credential { lastUsedAt } } }');
    expect(new Date(data.viewer.credential.lastUsedAt).getTime()).toBeGreaterThan(0);
    const purge = app.app.jobs['purging last uses']!;
    await purge();
    expect(await used()).toHaveLength(1);
    await app.sql('delete from toys where id = ?', [toy.id]);
    await purge();
    expect(await used()).toEqual([]);
  });
});

test('two credential types of the same kind do not start', () => {
  const [toy] = toys.credentials;
  expect(() => new CredentialTypes([toy, toy])).toThrow('the same kind');
});

test.each<[string, Partial<CredentialType>]>([
  ['that is named by a signature and does not check it', { carriers: ['signature'] }],
  ['that could be presented without its signature', { carriers: ['signature', 'bearer'], signatureOf: () => null }],
  ['that reads signatures, and is presented as a secret', { signatureOf: () => null }],
])('a credential type %s does not start', (_what, change) => {
  const [toy] = toys.credentials;
  expect(() => new CredentialTypes([{ ...toy, ...change }])).toThrow('signatureOf');
});
