import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { backends, type TestApp } from '../support/app.ts';

const FOLLOWER = 'a-follower-of-the-tests';

describe.each(backends())('X-Rekey-Position on $name', ({ start }) => {
  let app: TestApp;
  let secret: string;
  beforeAll(async () => {
    app = await start();
    secret = (await app.apiKey(await app.admin(), { scopes: ['INTROSPECT'] })).secret;
  });
  afterAll(() => app.close());

  const verify = (follower: string | null, credential = secret, query = '') =>
    fetch(`${app.url}/v1/verify${query}`, {
      headers: { 'x-api-key': credential, ...(follower === null ? {} : { 'x-rekey-follower': follower }) },
    });
  const introspect = (follower: string | null) =>
    fetch(`${app.url}/v1/introspect`, {
      method: 'POST',
      headers: { 'x-api-key': secret, ...(follower === null ? {} : { 'x-rekey-follower': follower }) },
      body: new URLSearchParams({ token: secret }),
    });
  const positionOf = (response: Response) => response.headers.get('x-rekey-position');

  test('is at or after every revocation that has returned before the request', async () => {
    const admin = await app.admin();
    for (let round = 0; round < 3; round++) {
      const key = await app.apiKey(admin);
      const { receipt } = await app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      for (const response of [await verify(FOLLOWER), await introspect(FOLLOWER)]) {
        expect(response.ok).toBe(true);
        expect(Number(positionOf(response))).toBeGreaterThanOrEqual(Number(receipt.sequence));
      }
    }
  });

  /** Holds the next answer of this function of the authenticator, after it has decided. */
  function hold(name: 'authenticate' | 'introspect') {
    const [decided, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { authenticator } = app.app;
    const decide = authenticator[name].bind(authenticator) as (...given: unknown[]) => Promise<never>;
    const spy = vi.spyOn(authenticator, name).mockImplementationOnce(async (...given: unknown[]) => {
      const decision = await decide(...given);
      decided.resolve();
      await opened.promise;
      return decision;
    });
    onTestFinished(() => spy.mockRestore());
    return { decided: decided.promise, open: opened.resolve };
  }

  test.each([
    ['authenticate', () => verify(FOLLOWER)],
    ['introspect', () => introspect(FOLLOWER)],
  ] as const)('is taken before the decision (%s), which a later revocation overtakes', async (name, ask) => {
    const admin = await app.admin();
    const [earlier, later] = [await app.apiKey(admin), await app.apiKey(admin)];
    const before = await app.as(admin).revokeApiKey({ apiKeyId: earlier.id }).expectSuccess();
    const held = hold(name);
    const answer = ask();
    await held.decided;
    const after = await app.as(admin).revokeApiKey({ apiKeyId: later.id }).expectSuccess();
    held.open();
    const position = Number(positionOf(await answer));
    expect(position).toBeGreaterThanOrEqual(Number(before.receipt.sequence));
    expect(position).toBeLessThan(Number(after.receipt.sequence));
  });

  test('is also on a no: a credential that is rejected, and a permission that is not held', async () => {
    const rejected = await verify(FOLLOWER, `${secret.slice(0, -1)}_`);
    expect([rejected.status, positionOf(rejected)]).toEqual([401, expect.stringMatching(/^\d+$/)]);
    const lacking = await verify(FOLLOWER, secret, '?permission=deploy');
    expect([lacking.status, positionOf(lacking)]).toEqual([403, expect.stringMatching(/^\d+$/)]);
  });

  test('is only for a client that asks for it in the right form', async () => {
    for (const follower of [null, 'short', 'with a space in it', 'x'.repeat(65)]) {
      expect(positionOf(await verify(follower))).toBeNull();
      expect(positionOf(await introspect(follower))).toBeNull();
    }
  });

  test('is left out while the replica has no lease', async () => {
    const lease = vi.spyOn(app.app.replica, 'leaseRemaining').mockReturnValue(0);
    try {
      const response = await verify(FOLLOWER);
      expect([response.status, positionOf(response)]).toEqual([204, null]);
    } finally {
      lease.mockRestore();
    }
    expect(positionOf(await verify(FOLLOWER))).not.toBeNull();
  });
});
