// The client in a page and in a worker of a browser.
import { createHash, createHmac } from 'node:crypto';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as client from '../../src/client/index.ts';
import { PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { browserFor } from '../support/browser.ts';

const KEY_ID = 'sgk_01JDQ8Z3W4F5G6H7J8K9M0N1P2';
const SECRET = 'rks_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17';

type Client = typeof client;
declare const rekey: Client;

const launch = browserFor('@rekey/client');

describe.skipIf(!launch)('in a browser', () => {
  let app: TestApp;
  let page: Page;
  let close: (() => Promise<void>) | undefined;
  /** A host name for which a browser keeps `Secure` cookies without TLS. */
  let url: string;
  const operations: { name: string; headers: Record<string, string> }[] = [];

  beforeAll(async () => {
    app = await startTestApp({ env: { REKEY_REFRESH_PER_MINUTE: '0' } });
    url = app.url.replace('127.0.0.1', 'localhost');
    const bundle = await rolldown({ input: join(import.meta.dirname, '..', '..', 'src', 'client', 'index.ts') });
    const { output } = await bundle.generate({ format: 'iife', name: 'rekey' });
    await bundle.close();
    const started = await launch!();
    close = started.close;
    page = await started.browser.newPage();
    // A page of the application, on the host of the service.
    await page.route(`${url}/app`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<script src="/app.js"></script>' }),
    );
    await page.route(`${url}/app.js`, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: output[0].code }),
    );
    page.on('request', async (request) => {
      const name = /(?:query|mutation) (\w+)/.exec(request.postData() ?? '')?.[1];
      if (name) operations.push({ name, headers: request.headers() });
    });
    await page.goto(`${url}/app`);
  });
  afterAll(async () => {
    await close?.();
    await app?.close();
  });

  test('a session in cookies: no script sees a token, and a lost access cookie is refreshed once', async () => {
    const { email } = await app.member();
    const login = await page.evaluate(
      async ([url, email, password]) => {
        const session = rekey.createSessionClient({ url: url!, cookies: true });
        Object.assign(globalThis, { session });
        const login = await session.login({ email: email!, password: password! });
        const { viewer } = await session.execute(rekey.ViewerDocument);
        return { login, kind: viewer.credential.__typename, cookies: document.cookie };
      },
      [url, email, PASSWORD],
    );
    expect(login).toMatchObject({ login: { __typename: 'LoginSuccess' }, kind: 'Session', cookies: '' });
    expect(JSON.stringify(login)).not.toMatch(/eyJ|rkr_/);

    await page.context().clearCookies({ name: '__Host-rekey-access' }); // as if `Max-Age` had passed
    operations.length = 0;
    const kinds = await page.evaluate(async () => {
      const { session } = globalThis as unknown as { session: client.SessionClient };
      const executions = Array.from({ length: 8 }, () => session.execute(rekey.ViewerDocument));
      return (await Promise.all(executions)).map(({ viewer }) => viewer.credential.__typename);
    });
    expect(kinds).toEqual(Array.from({ length: 8 }, () => 'Session'));
    expect(operations.filter(({ name }) => name === 'RefreshSession')).toHaveLength(1);
    for (const { headers } of operations) expect(headers).toMatchObject({ 'x-rekey-csrf': '1' });

    const logout = await page.evaluate(async () => {
      const { session } = globalThis as unknown as { session: client.SessionClient };
      const { __typename } = await session.logout();
      const code = await session.execute(rekey.ViewerDocument).catch((error) => error.code);
      return [__typename, code];
    });
    expect(logout).toEqual(['LogoutSuccess', 'UNAUTHENTICATED']);
    expect(await page.context().cookies()).toEqual([]);
  });

  test.each(['page', 'worker'])('a signature that is made in a %s', async (where) => {
    const received: { method: string; path: string; headers: Record<string, string>; body: Buffer }[] = [];
    await page.context().route('**/orders*', (route) => {
      const request = route.request();
      const { pathname, search } = new URL(request.url());
      const body = request.postDataBuffer() ?? Buffer.alloc(0);
      received.push({ method: request.method(), path: pathname + search, headers: request.headers(), body });
      return route.fulfill({ body: 'ok' });
    });
    const text = await page.evaluate(
      async ([where, keyId, secret]) => {
        const program = async (keyId: string, secret: string, origin: string) => {
          const signer = rekey.createSigner({ keyId, secret });
          const body = 'Grüße, 東京 😀';
          return (await signer.fetch(`${origin}/orders?limit=2&x=%20`, { method: 'POST', body })).text();
        };
        if (where === 'page') return program(keyId!, secret!, location.origin);
        const call = `(${program})(${JSON.stringify(keyId)}, ${JSON.stringify(secret)}, '${location.origin}')`;
        const source = `importScripts('${location.origin}/app.js'); ${call}.then(postMessage, (e) => postMessage(String(e)));`;
        const worker = new Worker(URL.createObjectURL(new Blob([source])));
        return new Promise((resolve) => worker.addEventListener('message', ({ data }) => resolve(data)));
      },
      [where, KEY_ID, SECRET],
    );
    expect(text).toBe('ok');
    const { method, path, headers, body } = received[0]!;
    const digest = createHash('sha256').update(body).digest('hex');
    const signed = [method, path, headers['x-timestamp'], headers['x-nonce'], digest].join('\n');
    const mac = createHmac('sha256', SECRET).update(signed).digest('hex');
    expect(headers['x-signature']).toBe(`kid=${KEY_ID};hmac-sha256=${mac}`);
    await page.context().unroute('**/orders*');
  });

  test('the digest of a body', async () => {
    const codes = await page.evaluate(async () => {
      const header = (digest: string) => ({ 'content-digest': `sha-256=:${digest}:` });
      const request = (digest: string) => new Request('/x', { method: 'POST', body: 'abc', headers: header(digest) });
      const check = (digest: string) =>
        rekey.assertContentDigest(request(digest)).then(
          () => 'matches',
          (error) => error.code,
        );
      return [await check('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='), await check('AAAA')];
    });
    expect(codes).toEqual(['matches', 'CONTENT_DIGEST_MISMATCH']);
  });
});
