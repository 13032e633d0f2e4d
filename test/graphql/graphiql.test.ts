// GraphiQL in a browser that can reach only this service.
import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { parse, validate } from 'graphql';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultQueryFor, GRAPHIQL } from '../../src/graphql/graphiql.ts';
import { createSchema } from '../../src/graphql/yoga.ts';
import { accountOf } from '../support/account.ts';
import { PASSWORD, SETUP_TOKEN, startTestApp, type TestApp } from '../support/app.ts';
import { browserFor } from '../support/browser.ts';
import { send } from '../support/raw.ts';
import { until } from '../support/until.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('the GraphiQL page', () => {
  const html = () => send(app.url, '/graphql', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });

  test('may connect only to this service, and must not be framed or cached', async () => {
    const { status, headers } = await html();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]),
    );
    const scripts = policy.find((directive) => directive.startsWith('script-src')) as string;
    expect(scripts).toMatch(/^script-src( 'sha256-[A-Za-z0-9+/]{43}=')+$/);
    expect(policy.join(' ')).not.toMatch(/https?:|\*|unsafe-eval/);
  });

  test('is compressed for clients that accept gzip', async () => {
    const fetched = async (encodings: string) => {
      const headers = { accept: 'text/html', 'accept-encoding': encodings };
      return new Promise<[encoding: string | undefined, body: Buffer]>((resolve, reject) => {
        get(`${app.url}/graphql`, { headers, agent: false }, async (answer) => {
          const body = Buffer.concat(await answer.toArray());
          expect(answer.headers['content-length']).toBe(String(body.length));
          resolve([answer.headers['content-encoding'], body]);
        }).on('error', reject);
      });
    };
    const [, plain] = await fetched('');
    for (const encodings of ['gzip', 'br, GZIP', 'deflate,gzip;q=0.5', 'gzip;q=1.0, identity; q=0.5']) {
      const [encoding, body] = await fetched(encodings);
      expect(encoding, encodings).toBe('gzip');
      expect(body.length).toBeLessThan(plain.length / 3);
      expect(gunzipSync(body).equals(plain)).toBe(true);
    }
    for (const encodings of ['identity', 'br', 'gzip;q=0', 'gzip; q=0.0, br', 'xgzip', 'gzipx']) {
      const [encoding, body] = await fetched(encodings);
      expect(encoding, encodings).toBe(undefined);
      expect(body.equals(plain)).toBe(true);
    }
  });

  test('is sent to browsers only: a GET that does not accept HTML gets 405', async () => {
    for (const accept of [undefined, '*/*', 'application/json']) {
      const { status, headers } = await send(app.url, '/graphql', { headers: accept ? { accept } : {} });
      expect([status, headers.allow]).toEqual([405, 'POST']);
    }
  });

  test('starts with operations that are valid against the schema', () => {
    expect(validate(createSchema(), parse(GRAPHIQL.defaultQuery as string))).toEqual([]);
    for (const introspection of ['open', 'administrators', 'closed'] as const) {
      const text = defaultQueryFor({ introspection, onlyListed: false });
      expect(validate(createSchema(), parse(text))).toEqual([]);
    }
  });

  test.each([
    ['open', false, '# Welcome to Rekey.'],
    ['administrators', false, '# Only administrators may read the schema here'],
    ['closed', false, '# There is no documentation here'],
    ['open', true, '# This service executes only the operations of a'],
  ] as const)(
    'with introspection %s and a list of documents %s, begins with: %s',
    (introspection, onlyListed, line) => {
      const text = defaultQueryFor({ introspection, onlyListed });
      expect(text.startsWith(line)).toBe(true);
      expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(60);
    },
  );
});

const launch = browserFor('GraphiQL');

describe.skipIf(!launch)('GraphiQL in a browser', () => {
  let close: (() => Promise<void>) | undefined;
  let context: BrowserContext;
  let page: Page;
  /** The origins of all requests, and the errors of the page. */
  const hosts = new Set<string>();
  const pageErrors: string[] = [];

  beforeAll(async () => {
    const started = await launch!();
    close = started.close;
    context = await started.browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.on('request', (request) => hosts.add(new URL(request.url()).origin));
    page.on('pageerror', (error) => pageErrors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') pageErrors.push(message.text());
    });
    await page.goto(`${app.url}/graphql`);
    await page.locator('.graphiql-editors .view-line').first().waitFor();
  });
  afterAll(async () => {
    await close?.();
  });

  beforeEach(() => {
    pageErrors.length = 0;
  });

  /** Replaces the text of one of the editors, like a user who selects all and pastes. */
  async function write(editor: 'query' | 'header', text: string): Promise<void> {
    const area = page.locator(
      editor === 'query'
        ? '.graphiql-query-editor .graphiql-editor'
        : '.graphiql-editor-tool .graphiql-editor:not(.hidden)',
    );
    await area.locator('textarea, .native-edit-context').first().focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete'); // An opening bracket over a selection would be wrapped around it.
    await page.keyboard.insertText(text);
  }
  // GraphiQL reads the text with a delay. Until then the button offers the previous operations.
  const run = () =>
    page
      .getByRole('button', { name: /execute query/i })
      .and(page.locator(':not([aria-haspopup])'))
      .click();
  const answer = () =>
    page
      .locator('.result-window .view-lines')
      .innerText()
      .then((text) => text.replaceAll('\u00a0', ' '));

  test('loads the schema without errors and without requests to other hosts', async () => {
    await page.getByRole('button', { name: /show documentation explorer/i }).click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs.getByText('Query', { exact: true }).click();
    await expect
      .poll(() => docs.innerText(), { timeout: 10_000 })
      .toContain('Returns the caller. Use it to test a new credential.');
    await page.getByRole('button', { name: /hide documentation explorer/i }).click();
    expect(await page.title()).toBe('Rekey');
    expect([...hosts].filter((origin) => origin !== app.url)).toEqual([]);
    expect(pageErrors).toEqual([]);
  });

  test('runs bootstrap and viewer with the credential in the Headers tab, and stores no secret', async () => {
    await write(
      'query',
      `mutation { bootstrap(input: { setupToken: "${SETUP_TOKEN}", email: "admin@example.com", password: "${PASSWORD}", displayName: "Ada" }) { ... on BootstrapSuccess { tokens { accessToken } } ... on UserError { message } } }`,
    );
    await run();
    await expect.poll(answer, { timeout: 10_000 }).toContain('accessToken');
    const { accessToken } = await app
      .mutate(
        'login',
        { email: 'admin@example.com', password: PASSWORD },
        '... on LoginSuccess { tokens { accessToken } }',
      )
      .then(({ tokens }) => tokens);

    await write('header', `{ "Authorization": "Bearer ${accessToken}" }`);
    await write('query', '{ viewer { user { displayName } } }');
    await run();
    await expect.poll(answer, { timeout: 10_000 }).toContain('"displayName": "Ada"');

    const stored = await context.storageState();
    expect(JSON.stringify(stored)).not.toMatch(/Bearer|tidal|setup_token|eyJ/);
    const tab = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
    expect(tab).not.toContain(accessToken);
    expect(await context.cookies()).toEqual([]);
    expect([...hosts].filter((origin) => origin !== app.url)).toEqual([]);
    expect(pageErrors).toEqual([]);
  });

  test('follows the revocations with the credential in the Headers tab, and stops when its user stops it', async () => {
    const login = await app.as().login({ email: 'admin@example.com', password: PASSWORD }).expectSuccess();
    const admin = accountOf(login);
    const service = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    const [first, second] = [await app.apiKey(admin), await app.apiKey(admin)];
    await write('header', `{ "X-API-Key": "${service.secret}" }`);
    await write('query', 'subscription { revocations { credentialId effect } }');
    await run();
    await until('the subscription has begun', () => app.app.live.size === 1);
    for (const { id } of [first, second]) {
      await app.as(admin).revokeApiKey({ apiKeyId: id }).expectSuccess();
      await expect.poll(answer, { timeout: 10_000 }).toContain(id);
    }
    expect(await answer()).toContain('"effect": "ENDED"');
    await page.getByRole('button', { name: /stop query/i }).click();
    await until('the subscription has ended', () => app.app.live.size === 0);
    expect([...hosts].filter((origin) => origin !== app.url)).toEqual([]);
    expect(pageErrors).toEqual([]);
  });

  test('the content security policy blocks requests to other hosts and injected scripts', async () => {
    const outcome = await page.evaluate(async () => {
      const reached = await fetch('http://127.0.0.1:9/').then(
        () => 'reached',
        () => 'blocked',
      );
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      return { reached, injected: 'injected' in window };
    });
    expect(outcome).toEqual({ reached: 'blocked', injected: false });
    expect(pageErrors.join('\n')).toMatch(/violates the following Content Security Policy directive/);
  });
});

describe.skipIf(!launch)('GraphiQL in a browser, where only administrators read the schema', () => {
  let service: TestApp;
  let close: (() => Promise<void>) | undefined;
  let page: Page;
  beforeAll(async () => {
    service = await startTestApp({ env: { REKEY_INTROSPECTION: 'administrators' } });
    const started = await launch!();
    close = started.close;
    page = await started.browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${service.url}/graphql`);
    await page.locator('.graphiql-editors .view-line').first().waitFor();
  });
  afterAll(async () => {
    await close?.();
    await service.close();
  });
  const shown = (selector: string) =>
    page
      .locator(selector)
      .innerText()
      .then((text) => text.replaceAll('\u00a0', ' '));

  test('says why there is no documentation, and shows it to an administrator', async () => {
    await expect
      .poll(() => shown('.graphiql-query-editor'), { timeout: 10_000 })
      .toContain('Only administrators may read');
    await expect
      .poll(() => shown('.result-window'), { timeout: 10_000 })
      .toContain('REKEY_INTROSPECTION=administrators');
    const { accessToken } = await service.admin();
    const headers = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)');
    await headers.locator('textarea, .native-edit-context').first().focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(`{ "Authorization": "Bearer ${accessToken}" }`);
    await page.getByRole('button', { name: /show documentation explorer/i }).click();
    // GraphiQL reads the text with a delay.
    await until('the documentation is shown', async () => {
      await page.getByRole('button', { name: /re-fetch graphql schema/i }).click();
      return /\bQuery\b/.test(await shown('.graphiql-doc-explorer'));
    });
  });
});
