// The package as a project installs it: what is in it, how large it is, and where it runs.
import { execFile, execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
/** In the repository, because a folder elsewhere would not find the packages of the repository. */
let work: string;
let built: string;
let project: string;

beforeAll(async () => {
  mkdirSync(join(root, 'dist'), { recursive: true });
  work = mkdtempSync(join(root, 'dist', 'package-test-'));
  [built, project] = [join(work, 'client'), join(work, 'project')];
  await run(process.execPath, [join(root, 'src', 'client', 'build.ts'), built]);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const npm = (...argv: string[]) => run('npm', argv, { cwd: project, shell: process.platform === 'win32' });
  const { stdout } = await npm('pack', built, '--json');
  const [{ filename }] = JSON.parse(stdout);
  await npm('install', join(project, filename), '--offline', '--no-audit', '--no-fund', '--install-links');
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const manifestOf = (directory: string) => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));

test('is one package with the version of the service', () => {
  const installed = join(project, 'node_modules');
  expect(readdirSync(installed).filter((name) => !name.startsWith('.'))).toEqual(['@rekey']);
  expect(readdirSync(join(installed, '@rekey'))).toEqual(['client']);
  const manifest = manifestOf(join(installed, '@rekey', 'client'));
  expect(manifest).toMatchObject({ name: '@rekey/client', version: manifestOf(root).version, type: 'module' });
  expect(Object.keys(manifest).filter((key) => /dependencies|scripts/i.test(key))).toEqual([]);
});

test('has JavaScript, types, a README and the licence, and nothing of the service', () => {
  const files = globSync('**/*.*', { cwd: built }).map((file) => file.replaceAll('\\', '/'));
  expect(files.filter((file) => !/^(generated\/)?[a-z-]+(\.d\.ts|\.js)$/.test(file)).toSorted()).toEqual([
    'README.md',
    'package.json',
  ]);
  expect(readdirSync(built)).toContain('LICENSE');
  const imported = files
    .filter((file) => /\.(js|ts)$/.test(file))
    .flatMap((file) =>
      [...readFileSync(join(built, file), 'utf8').matchAll(/\bfrom '([^']+)'/g)].map(([, from]) => from),
    );
  expect(imported.length).toBeGreaterThan(10);
  expect(imported.filter((from) => !/^\.\/[\w/-]+\.js$/.test(from!))).toEqual([]);
});

describe('the size', () => {
  /** The bytes of a program that imports these names, as a bundler writes it. */
  async function bundled(names: string[], external: RegExp[] = []): Promise<string> {
    const entry = join(work, 'entry.js');
    writeFileSync(entry, `export { ${names} } from './client/index.js';`);
    const bundle = await rolldown({ input: entry, external });
    const { output } = await bundle.generate({ format: 'esm', minify: true });
    await bundle.close();
    return output[0].code;
  }

  test('of the three functions is at most 15 000 bytes, documents not counted', async () => {
    const code = await bundled(['createSigner', 'createSessionClient', 'createVerifier'], [/generated/]);
    expect(code).toContain('hmac-sha256');
    expect(Buffer.byteLength(code)).toBeLessThanOrEqual(15_000);
  });

  test('of a program contains only the documents that it uses', async () => {
    const code = await bundled(['createClient', 'ViewerDocument']);
    expect(code).toContain('query Viewer');
    expect(code).not.toContain('mutation ');
    expect(await bundled(['createVerifier'])).not.toMatch(/query |mutation /);
  });
});

test('has types that need no other package, in a project that checks them strictly', async () => {
  const source = `
    import { createClient, createSessionClient, createSigner, createVerifier, RekeyError } from '@rekey/client';
    import { ViewerDocument, RotateApiKeyDocument, type RekeyErrorCode } from '@rekey/client';
    import { guard as node } from '@rekey/client/node';
    import { guard as fetchGuard } from '@rekey/client/fetch';
    import { guard as hono, verifiedOf } from '@rekey/client/hono';
    const session = createSessionClient({ url: 'https://a' });
    const { viewer } = await session.execute(ViewerDocument);
    const id: string = viewer.credential.id;
    // @ts-expect-error: the variables are required
    await session.execute(RotateApiKeyDocument);
    const { rotateApiKey } = await session.execute(RotateApiKeyDocument, { input: { apiKeyId: id } });
    if (rotateApiKey.__typename === 'RotateApiKeySuccess') rotateApiKey.secret satisfies string;
    const unknown: unknown = await createClient({ url: 'https://a' }).execute('{ viewer { scopes } }');
    const code: RekeyErrorCode = new RekeyError('NETWORK', '').code;
    // @ts-expect-error: a literal union
    code satisfies 'NETWORK';
    const verify = createVerifier({ url: 'https://a', credential: async () => 'x' });
    const result = await verify('x', { permission: 'a' });
    if (result.ok) result.userId satisfies string | null;
    else result.status satisfies 401 | 403;
    const signer = createSigner({ keyId: 'sgk_1', secret: 'rks_1', profile: 'rfc9421' });
    (await signer.sign(new Request('https://a'))) satisfies Request;
    export default [unknown, code, node({ verify }), fetchGuard({ verify }), hono({ verify }), verifiedOf];
  `;
  writeFileSync(join(project, 'types.ts'), source);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false, types: [], exactOptionalPropertyTypes: true },
    ...{ target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], module: 'nodenext' },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
  const compiler = join(
    root,
    'node_modules',
    'typescript',
    manifestOf(join(root, 'node_modules', 'typescript')).bin.tsc,
  );
  const { stdout } = await run(process.execPath, [compiler, '-p', project]).catch((failure) => failure);
  expect(stdout).toBe('');
});

/** A program that uses the package with the service at this URL. It prints what happened. */
const programFor = (url: string) => `
  import { assertContentDigest, createSessionClient, createSigner, createVerifier, ViewerDocument } from '@rekey/client';
  const url = '${url}';
  const request = await createSigner({ keyId: 'sgk_1', secret: 'rks_1', profile: 'rfc9421' }).sign(
    new Request(url, { method: 'POST', body: 'a body' }),
  );
  await assertContentDigest(request);
  const { viewer } = await createSessionClient({ url }).execute(ViewerDocument);
  const verify = createVerifier({ url, credential: 'rka_1' });
  const { ok, credentialId } = await verify('rka_2');
  console.log(JSON.stringify([await request.text(), viewer, ok, credentialId]));
`;

const YES = {
  ...{ 'x-rekey-credential': 'key_1', 'x-rekey-user': 'usr_1', 'x-rekey-workspace': '-', 'x-rekey-scopes': '-' },
  ...{ 'x-rekey-permissions': '-', 'x-rekey-expires': '-', 'x-rekey-position': '1' },
};

/** A service that accepts everything. It counts the polls. */
async function startService() {
  let polls = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://a');
    if (url.pathname === '/v1/revocations') {
      polls++;
      response.setHeader('x-request-id', request.headers['x-request-id']!);
      const answer = () => response.end('{"position":"1","events":[],"more":false,"view":"all"}');
      if (url.searchParams.has('wait')) setTimeout(answer, Number(url.searchParams.get('wait')));
      else answer();
    } else if (url.pathname === '/v1/verify') {
      response.writeHead(204, YES).end();
    } else {
      response.end('{"data":{"viewer":{"user":null}}}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, polls: () => polls };
}

async function runs(node: string) {
  const service = await startService();
  writeFileSync(join(project, 'program.mjs'), programFor(service.url));
  const { stdout } = await run(node, ['program.mjs'], { cwd: project });
  expect(JSON.parse(stdout)).toEqual(['a body', { user: null }, true, 'key_1']);
  return service.polls();
}

test('runs in this Node, and a verifier that polls does not keep the process alive', async () => {
  const polls = await runs(process.execPath);
  // In the 30 s for which a verifier polls, there are more than a hundred.
  expect(polls).toBeGreaterThan(0);
  expect(polls).toBeLessThan(20);
});

/** A Node 20 on this machine. */
function node20(): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return directories
    .map((directory) => join(directory, 'node'))
    .find((node) => {
      try {
        return execFileSync(node, ['--version'], { encoding: 'utf8' }).startsWith('v20.');
      } catch {
        return false;
      }
    });
}

test('runs in Node 20', async () => {
  const node = node20();
  if (node) await runs(node);
  else process.stderr.write('SKIPPED: @rekey/client in Node 20, which is not on this machine.\n');
});
