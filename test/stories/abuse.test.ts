// One client abuses the service in every known way. Each of its requests is rejected at its cost, and another client is
// answered meanwhile. How fast is measured by `npm run bench -- abuse`.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ABUSIVE_REQUESTS, AbusiveClient, SLOW, slowClients } from '../support/abuse.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { times } from '../support/values.ts';

describe.each(backends())('on $name, one client sends', ({ start }) => {
  let app: TestApp;
  let other: Account;
  let secret: string;
  beforeAll(async () => {
    app = await start();
    other = await app.member();
    secret = (await app.apiKey(other)).secret;
  });
  afterAll(() => app.close());

  /** What another client does meanwhile: it is authenticated, reads, and changes something. */
  async function expectService(): Promise<void> {
    expect(await app.accepts(secret)).toBe(true);
    const { data, errors } = await app.graphql('{ viewer { user { id } } }', {}, { apiKey: secret });
    expect([data?.viewer.user.id, errors]).toEqual([other.id, undefined]);
    const { id, secret: revoked } = await app.apiKey(other);
    await app.as(other).revokeApiKey({ apiKeyId: id }).expectSuccess();
    expect(await app.accepts(revoked)).toBe(false);
  }

  test.each(ABUSIVE_REQUESTS)('$name: it gets $status, and another client is served', async (abusive) => {
    const clients = times(4, () => new AbusiveClient(app.url));
    onTestFinished(() => {
      for (const client of clients) client.close();
    });
    let isServed = false;
    const flood = clients.map(async (client) => {
      const statuses = new Set<number>();
      for (let sent = 0; sent < 10 || !isServed; sent++) statuses.add(await client.send(abusive));
      return [...statuses];
    });
    await expectService();
    isServed = true;
    expect(await Promise.all(flood)).toEqual(times(4, () => [abusive.status]));
  });

  test.each(Object.entries(SLOW))('%s on 200 connections: another client is served', async (_, begin) => {
    const slow = await slowClients(app.url, begin, { count: 200, everyMs: 5 });
    onTestFinished(() => slow.stop());
    await expectService();
    expect(slow.open()).toBe(200);
  });
});
