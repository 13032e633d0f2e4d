import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from './ports.ts';

test('free ports are free, all different, and outside the range of outgoing connections', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const server = createServer();
  await once(server.listen(ports[0], '127.0.0.1'), 'listening');
  server.close();
});

test('if a test run is killed, its server ends and its directory is removed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-reaper-'));
  const server = spawn('sleep', ['60']);
  const pidFile = join(directory, 'server.pid');
  await writeFile(pidFile, `${server.pid}\nmore lines, as PostgreSQL writes them\n`);
  const script = `
    const { reapAtExit } = await import(${JSON.stringify(import.meta.resolve('./ports.ts'))});
    reapAtExit(${JSON.stringify(directory)}, ${JSON.stringify(pidFile)}, 'KILL');
    setInterval(() => undefined, 1000);
    process.stdout.write('ready');`;
  const run = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script]);
  const exit = once(server, 'exit');
  await once(run.stdout, 'data');
  run.kill('SIGKILL');
  expect(await exit).toEqual([null, 'SIGKILL']);
  await expect.poll(() => existsSync(directory), { timeout: 5_000 }).toBe(false);
});
