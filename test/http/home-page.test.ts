import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

test('a browser gets a page that loads nothing, and every link of it works', async () => {
  const accept = 'text/html,application/xhtml+xml';
  const page = await send(app.url, '/', { headers: { accept } });
  expect(page.status).toBe(200);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  const links = [...page.text.matchAll(/href="([^"]+)"/g)].map(([, path]) => path!);
  expect(links).toContain('/graphql');
  for (const link of links) expect((await send(app.url, link, { headers: { accept } })).status, link).toBe(200);
});

test('any other client gets the same endpoints as JSON, and each exists', async () => {
  const { status, json } = await send(app.url, '/');
  expect(status).toBe(200);
  for (const path of Object.keys(json.endpoints))
    expect((await send(app.url, path, { method: 'POST' })).status, path).not.toBe(404);
});
