// Gateways as operators run them: the real program with the files in src/http/README.md, a real Rekey, and a backend
// that returns the request that it got.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort, reapAtExit } from './ports.ts';
import { until } from './until.ts';

const README = new URL('../../src/http/README.md', import.meta.url);
export const APACHE_MODULES = '/usr/lib/apache2/modules';
const REQUEST = '/v1/verify?permission=api:use';

/** The paths and ports of one gateway on this machine. */
export interface Place {
  /** The files of this gateway alone. */
  directory: string;
  port: number;
}

export interface GatewayKind {
  name: string;
  /** The program, and the Debian packages that contain it. */
  program: string;
  packages: string;
  /** Other files that must exist. */
  needs: readonly string[];
  /** The paths of the files in README. The first one is the configuration. */
  files: readonly string[];
  /** The changes to README besides the addresses. */
  adapt(text: string, place: Place): string;
  argv(configuration: string, place: Place): string[];
}

const isRoot = process.getuid?.() === 0;

export const GATEWAYS: GatewayKind[] = [
  {
    name: 'nginx',
    program: 'nginx',
    packages: 'nginx-light',
    needs: [],
    files: ['/etc/nginx/nginx.conf'],
    adapt: (text, { port }) =>
      text.replace('listen 80;', `listen 127.0.0.1:${port};`).replace('http {', `http {\n  ${NGINX_IN_ITS_DIRECTORY}`),
    argv: (configuration, { directory }) => ['-p', directory, '-c', configuration, '-g', NGINX_IN_THE_FOREGROUND],
  },
  {
    name: 'Caddy',
    program: 'caddy',
    packages: 'caddy',
    needs: [],
    files: ['/etc/caddy/Caddyfile'],
    adapt: (text, { port }) => `{\n  admin off\n  default_bind 127.0.0.1\n}\n${text.replace(':80 {', `:${port} {`)}`,
    argv: (configuration) => ['run', '--config', configuration, '--adapter', 'caddyfile'],
  },
  {
    name: 'HAProxy',
    program: 'haproxy',
    packages: 'haproxy',
    needs: [],
    files: ['/etc/haproxy/haproxy.cfg', '/etc/haproxy/rekey.lua'],
    adapt: (text, { port }) => text.replace('bind :80', `bind 127.0.0.1:${port}`),
    argv: (configuration) => ['-db', '-f', configuration],
  },
  {
    name: 'Apache httpd',
    program: 'apache2',
    packages: 'apache2 lua-socket',
    needs: [join(APACHE_MODULES, 'mod_lua.so'), '/usr/share/lua/5.3/socket/http.lua'],
    files: ['/etc/apache2/sites-available/000-default.conf', '/etc/apache2/rekey.lua'],
    adapt: (text, place) =>
      text.replace('<VirtualHost *:80>', `${apacheAround(place, ['lua'])}\n<VirtualHost 127.0.0.1:${place.port}>`),
    argv: (configuration, { directory }) => ['-d', directory, '-f', configuration, '-DFOREGROUND'],
  },
];

const NGINX_IN_THE_FOREGROUND = 'daemon off; error_log stderr; pid nginx.pid;';
/** Writes nothing outside of the directory of the gateway. */
export const NGINX_IN_ITS_DIRECTORY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((kind) => `${kind}_temp_path ${kind}_temp;`)
  .concat('access_log off;')
  .join(' ');

/** The part of the configuration that is in Debian's own files: the modules, and where Apache may write. */
export function apacheAround({ directory, port }: Place, modules: readonly string[]): string {
  return [
    ...['mpm_event', 'authz_core', 'proxy', 'proxy_http', ...modules].map(
      (name) => `LoadModule ${name}_module ${join(APACHE_MODULES, `mod_${name}.so`)}`,
    ),
    `Listen 127.0.0.1:${port}`,
    'ServerName localhost',
    `DefaultRuntimeDir ${directory}`,
    `PidFile ${join(directory, 'httpd.pid')}`,
    'ErrorLog /dev/stderr',
    ...(isRoot ? ['User nobody', 'Group nogroup'] : []),
  ].join('\n');
}

/** The path of the program; null if the program or a file that it needs is missing on this machine. */
export function findGateway({ program, needs }: Pick<GatewayKind, 'program' | 'needs'>): string | null {
  if (process.platform !== 'linux' || !needs.every((path) => existsSync(path))) return null;
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return directories.map((directory) => join(directory, program)).find((path) => existsSync(path)) ?? null;
}

/** A file as README prints it. Its first line, a comment, is its path. */
export function fileInReadme(path: string): string {
  const blocks = readFileSync(README, 'utf8').matchAll(/^```\w+\n(?:#|--) (\S+)\n([\s\S]*?)^```$/gm);
  const found = [...blocks].filter(([, name]) => name === path);
  if (found.length !== 1) throw new Error(`README prints ${path} ${found.length} times.`);
  return found[0]![2]!;
}

export interface Gateway {
  readonly url: string;
  /** Its output, for the message of a failed test. */
  log(): string;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  rekey: string;
  backend: string;
  /** Replaces the request of README to Rekey. */
  ask?: string;
  /** A mistake to make in its files. Each pair must occur. */
  mistake?: [right: string, wrong: string];
}

/** Starts a gateway with the files of README. Only addresses and paths are adapted to this machine. */
export async function startGateway(
  kind: GatewayKind,
  { rekey, backend, ask, mistake }: GatewayOptions,
): Promise<Gateway> {
  const directory = await mkdtemp('/tmp/rekey-gateway-');
  await chmod(directory, 0o755); // The workers of a gateway that root starts run as another user.
  const place = { directory, port: await freePort() };
  const substitutions: [string, string][] = [
    ['rekey.internal:4000', new URL(rekey).host],
    ['backend.internal:8080', new URL(backend).host],
    ...kind.files.map((path): [string, string] => [path, localName(path, directory)]),
    ...(ask === undefined ? [] : [[REQUEST, ask] as [string, string]]),
    ...(mistake ? [mistake] : []),
  ];
  const printed = kind.files.map(fileInReadme);
  if (mistake && !printed.some((text) => text.includes(mistake[0]))) throw new Error(`README lacks ${mistake[0]}.`);
  for (const [index, path] of kind.files.entries()) {
    const text = index === 0 ? kind.adapt(printed[0]!, place) : printed[index]!;
    const substituted = substitutions.reduce((result, [from, to]) => result.replaceAll(from, to), text);
    await writeFile(localName(path, directory), substituted);
  }
  return runGateway(kind, place);
}

/** Starts the program with the files that are in its directory. */
export async function runGateway(kind: GatewayKind, place: Place): Promise<Gateway> {
  const { directory, port } = place;
  const pidFile = join(directory, 'gateway.pid');
  const logFile = join(directory, 'gateway.log');
  const output = openSync(logFile, 'a'); // Apache cannot open a pipe of ours as its log.
  const cancelReaper = reapAtExit(directory, pidFile, 'TERM');
  const child: ChildProcess = spawn(findGateway(kind)!, kind.argv(localName(kind.files[0]!, directory), place), {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  await writeFile(pidFile, `${child.pid}\n`);
  const log = () => readFileSync(logFile, 'utf8');
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (!hasExited()) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    }
    await rm(directory, { recursive: true, force: true });
    cancelReaper();
  };
  try {
    await until(`${kind.name} listens`, () => {
      if (hasExited()) throw new Error(`${kind.name} exited at once:\n${log()}`);
      return accepts(port);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, log, stop };
}

/** Where this file of README is in the directory of a gateway. */
export function localName(path: string, directory: string): string {
  return join(directory, path.slice(path.lastIndexOf('/') + 1));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** A request as the backend gets it. */
export interface Arrived {
  method: string;
  url: string;
  rawHeaders: string[];
  bodyBytes: number;
  /** The SHA-256 of the body, base64. */
  bodyDigest: string;
}

export interface Backend {
  readonly url: string;
  /** The number of requests so far. */
  readonly arrivals: number;
  close(): Promise<void>;
}

/** Returns the request; `/status/…` returns that status. Accepts more headers than any gateway sends. */
export async function startBackend(): Promise<Backend> {
  let arrivals = 0;
  const server: Server = createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
    arrivals++;
    let bodyBytes = 0;
    const hash = createHash('sha256');
    request.on('data', (piece: Buffer) => {
      bodyBytes += piece.length;
      hash.update(piece);
    });
    request.on('end', () => {
      const { method, url, rawHeaders } = request;
      const status = Number(/^\/status\/(\d{3})$/.exec(url!)?.[1] ?? 200);
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(
        JSON.stringify({ method, url, rawHeaders, bodyBytes, bodyDigest: hash.digest('base64') } as Arrived),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get arrivals() {
      return arrivals;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
