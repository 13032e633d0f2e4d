// What a process reports that cannot start.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { migratedDirectory } from './support/embedded-template.ts';
import { freePort } from './support/ports.ts';
import { ENVIRONMENT, emptyDirectory, SERVER, startServer } from './support/server-process.ts';

// Far more than an idle machine needs, for a machine that is busy.
const TEST_MS = 180_000;

/** Runs a process with only this environment until it ends. */
const run = (environment: Record<string, string>) =>
  spawnSync(process.execPath, [SERVER], {
    env: { ...ENVIRONMENT, ...environment },
    encoding: 'utf8',
  });

describe('a process with an invalid configuration', () => {
  const SECRETS = ['hunter2-database', 'hunter2-cache', 'hunter2-key', 'hunter2-token'];
  const wrong = {
    PORT: 'http',
    DATABASE_URL: 'mysql://rekey:hunter2-database@db.example/rekey',
    REDIS_URL: 'http://:hunter2-cache@cache.example',
    REKEY_MASTER_KEY: 'hunter2-key',
    REKEY_SETUP_TOKEN: 'hunter2-token',
    REKEY_REGISTRATION: 'maybe',
    REKEY_TRUSTED_PROXIES: 'proxy.example',
    REKEY_LOG_LEVEL: 'loud',
  };
  test('reports all problems at once without their values, and exits with 78', () => {
    const { status, stdout, stderr } = run(wrong);
    expect(status).toBe(78);
    expect(stdout).toBe('');
    for (const name of Object.keys(wrong)) expect(stderr, name).toContain(name);
    expect(stderr.trim().split('\n')).toHaveLength(1 + Object.keys(wrong).length);
    for (const secret of SECRETS) expect(stderr).not.toContain(secret);
    expect(stderr).not.toMatch(/ {4}at |node:internal/);
  });

  test('reports invalid combinations together with invalid values', () => {
    const { status, stderr } = run({ DATABASE_URL: 'postgres://rekey:hunter2-database@db.example/rekey', PORT: 'x' });
    expect(status).toBe(78);
    expect(stderr).toContain('REKEY_MASTER_KEY is required');
    expect(stderr).toContain('PORT must be');
    expect(stderr).not.toContain('hunter2');
  });

  test('reports an issuer that is too long', () => {
    const { status, stderr } = run({ REKEY_ISSUER: `urn:${'x'.repeat(996)}` });
    expect(status).toBe(78);
    expect(stderr).toContain('REKEY_ISSUER must have at most 512 bytes');
  });
});

describe('a failed start', () => {
  test('names a port that is in use and releases the data directory', { timeout: TEST_MS }, async () => {
    const occupied = createServer();
    await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
    const { port } = occupied.address() as AddressInfo;
    const directory = migratedDirectory();
    const server = startServer(directory, { PORT: String(port) });
    expect(await server.exited()).toEqual({ code: 1, signal: null });
    expect(server.stderr).toContain(`127.0.0.1:${port} (HOST and PORT) is in use`);
    expect(server.stderr.trim().split('\n')).toHaveLength(1);
    expect(server.stdout).not.toContain('setup_');
    expect(existsSync(join(directory, '.rekey', 'owner'))).toBe(false);
    occupied.close();
  });

  test('names HOST for an address that this machine does not have', { timeout: TEST_MS }, async () => {
    const directory = migratedDirectory();
    const server = startServer(directory, { HOST: '192.0.2.1', PORT: '4000' });
    expect(await server.exited()).toEqual({ code: 78, signal: null });
    expect(server.stderr).toMatch(/HOST and PORT: 192\.0\.2\.1:4000 is not an address of this machine/);
    expect(existsSync(join(directory, '.rekey', 'owner'))).toBe(false);
  });

  test.each(['127.0.0.1', 'localhost'])(
    'reports an unreachable PostgreSQL on %s without its password',
    { timeout: TEST_MS },
    async (host) => {
      const server = startServer(emptyDirectory(), {
        DATABASE_URL: `postgres://rekey:hunter2@${host}:${await freePort()}/rekey`,
        REKEY_MASTER_KEY: randomBytes(32).toString('base64'),
      });
      expect(await server.exited()).toEqual({ code: 1, signal: null });
      expect(server.stderr).toMatch(/^Rekey could not start: .*ECONNREFUSED/m);
      expect(server.stdout + server.stderr).not.toContain('hunter2');
    },
  );

  test('names a data directory that cannot be created', { timeout: TEST_MS }, async () => {
    const directory = emptyDirectory();
    writeFileSync(join(directory, 'file'), '');
    const server = startServer(directory, { REKEY_DATA_DIR: 'file/below' });
    expect(await server.exited()).toEqual({ code: 1, signal: null });
    expect(server.stderr).toMatch(/^Rekey could not start: .*file\/below/m);
  });
});
