// Every snippet of the README, compiled and run with a real service and the real libraries.
import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { fetchQuery } from 'relay-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { RELAY_VIEWER } from './support/relay-viewer.ts';

const root = join(import.meta.dirname, '..', '..');
const ENTRIES = ['index', 'express', 'fastify', 'fetch', 'hono', 'node'];
const readme = readFileSync(join(root, 'src', 'client', 'README.md'), 'utf8');
/** The TypeScript under each heading or line that ends in a colon. */
const snippets = new Map(
  [...readme.matchAll(/^(?:## )?([^\n]+?):?\n\n```ts\n([\s\S]*?)^```$/gm)].map(([, heading, text]) => [
    heading!,
    text!,
  ]),
);

/** A folder in which `@rekey/client` is the source of the package. */
let work: string;
beforeAll(() => {
  mkdirSync(join(root, 'dist'), { recursive: true });
  work = mkdtempSync(join(root, 'dist', 'readme-test-'));
  const installed = join(work, 'node_modules', '@rekey', 'client');
  mkdirSync(installed, { recursive: true });
  for (const entry of ENTRIES) {
    const source = `export * from '../../../../../src/client/${entry}.ts';\n`;
    writeFileSync(join(installed, `${entry}.js`), source);
    writeFileSync(join(installed, `${entry}.d.ts`), source);
  }
  const exports = Object.fromEntries(ENTRIES.map((entry) => [entry === 'index' ? '.' : `./${entry}`, `./${entry}.js`]));
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ name: '@rekey/client', type: 'module', exports }));
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(work, { recursive: true, force: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('every snippet compiles', async () => {
  expect(snippets.size).toBeGreaterThanOrEqual(8);
  for (const [index, text] of [...snippets.values()].entries()) writeFileSync(join(work, `compiled-${index}.ts`), text);
  const tsconfig = { extends: '../../tsconfig.json', include: ['./compiled-*.ts'] };
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(tsconfig));
  const { bin } = JSON.parse(readFileSync(join(root, 'node_modules', 'typescript', 'package.json'), 'utf8'));
  const compiler = join(root, 'node_modules', 'typescript', bin.tsc);
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', work]).catch((failure) => failure);
  expect(stdout).toBe('');
});

/** Runs the snippet under this heading, with these texts in place of others. Returns its exports and what it printed. */
async function run(heading: string, replacements: Record<string, string>) {
  let text = snippets.get(heading)!;
  for (const [from, to] of Object.entries(replacements)) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  const file = join(work, `run-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.ts`);
  writeFileSync(file, text);
  const printed: unknown[][] = [];
  vi.spyOn(console, 'log').mockImplementation((...values) => void printed.push(values));
  const module = await import(pathToFileURL(file).href);
  return { module, printed };
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let member: Account;
  beforeAll(async () => {
    app = await start({ env: { REKEY_REFRESH_PER_MINUTE: '0' } });
    admin = await app.admin();
    member = await app.member();
  });
  afterAll(() => app.close());

  /** An administrator's keys: one to introspect, and one with the permission of the snippets. */
  async function keys(): Promise<{ id: string; secret: string }> {
    const introspection = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    vi.stubEnv('INTROSPECTION_KEY', introspection.secret);
    return app.apiKey(admin, { scopes: [], permissions: ['deploy:staging'] });
  }
  const asMember = () => {
    vi.stubEnv('PASSWORD', PASSWORD);
    return { 'https://rekey.example.com': app.url, 'you@example.com': member.email };
  };

  test('verify a credential', async () => {
    const { secret } = await keys();
    vi.stubEnv('PRESENTED_SECRET', secret);
    const { printed } = await run('Verify a credential', { 'http://rekey.internal:4000': app.url });
    expect(printed).toEqual([[admin.id, ['deploy:staging']]]);
  });

  test('guard the routes of a server', async () => {
    const { secret } = await keys();
    const { module } = await run('Guard the routes of a server', {
      'http://rekey.internal:4000': app.url,
      'app.listen(8080);': 'export { app, verify };',
    });
    onTestFinished(() => module.verify.close());
    const url = await listen(module.app);
    const passed = await fetch(url, { headers: { 'x-api-key': secret } });
    expect(await passed.json()).toEqual({ user: admin.id });
    const other = await app.apiKey(admin);
    expect((await fetch(url, { headers: { authorization: `Bearer ${other.secret}` } })).status).toBe(403);
    expect((await fetch(url)).status).toBe(401);
  });

  test('log a user in', async () => {
    const { printed } = await run('Log a user in', asMember());
    expect(printed).toEqual([[expect.any(String)]]);
    const { nodes } = await app
      .as(admin)
      .sessions({ filter: { userId: member.id }, first: 1 })
      .answer()
      .then(dataOf);
    expect(nodes[0]).toMatchObject({ status: 'REVOKED', revocationReason: 'SIGNED_OUT' });
  });
  const dataOf = ({ data }: { data: { sessions: { nodes: unknown[] } } }) => data.sessions;

  test('call the API with a key', async () => {
    const { secret } = await app.apiKey(admin);
    vi.stubEnv('API_KEY', secret);
    const { printed } = await run('Call the API with a key', { 'https://rekey.example.com': app.url });
    expect(printed).toEqual([[expect.stringMatching(/^rka_…\w{4}$/)]]);
  });

  test('urql', async () => {
    const { printed } = await run('urql', asMember());
    expect(printed).toEqual([[expect.any(String), undefined]]);
  });

  test('Apollo', async () => {
    const { printed } = await run('Apollo', asMember());
    expect(printed).toEqual([[expect.any(String)]]);
  });

  test('Relay', async () => {
    const { module } = await run('Relay', { 'https://rekey.example.com': app.url });
    await module.session.login({ email: member.email, password: PASSWORD });
    const data = await fetchQuery(module.environment, RELAY_VIEWER, {}).toPromise();
    expect(data).toEqual({ viewer: { user: { id: member.id } } });
  });
});

test('sign requests', async () => {
  const [keyId, secret] = ['sgk_01JDQ8Z3W4F5G6H7J8K9M0N1P2', 'rks_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'];
  vi.stubEnv('SIGNING_KEY_ID', keyId);
  vi.stubEnv('SIGNING_SECRET', secret);
  const url = await listen(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const { 'x-timestamp': timestamp, 'x-nonce': nonce, 'x-signature': signature } = request.headers;
    const digest = createHash('sha256').update(body).digest('hex');
    const signed = [request.method, request.url, timestamp, nonce, digest].join('\n');
    const mac = createHmac('sha256', secret).update(signed).digest('hex');
    response.writeHead(signature === `kid=${keyId};hmac-sha256=${mac}` ? 200 : 401).end();
  });
  const { printed } = await run('Sign requests', { 'https://api.example.com': url });
  expect(printed).toEqual([[200]]);
});
