import { isIP } from 'node:net';
import { readHashedTexts } from './crypto/hashed-texts.ts';
import { parseMasterKey } from './crypto/keyring.ts';
import type { Feature } from './feature.ts';
import { features } from './features.ts';
import { parseCidr } from './kernel/cidr.ts';
import { ConfigError } from './kernel/config-error.ts';
import { nearest } from './kernel/nearest.ts';
import { originOf } from './kernel/origin.ts';
import { isSocketPath, socketPathProblem, UNIX_PEERS } from './kernel/socket-path.ts';
import { readLine } from './kernel/text-file.ts';
import { oneOf, partsOf, text, type ValuesOf, type Variable, type Variables, wholeNumber } from './kernel/variable.ts';

/** The configuration that the environment gives, checked and frozen. */
export type Config = ValuesOf<typeof processVariables> & ValuesOf<VariablesOf<(typeof features)[number]>>;

type VariablesOf<F> = Intersection<F extends { readonly variables: infer Some extends Variables } ? Some : never>;
type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer All) => void ? All : never;

function hostProblem(given: string): string | null {
  if (isSocketPath(given)) return socketPathProblem(given);
  return isHost(given) ? null : 'must be an IP address, a host name, or the absolute path of a Unix socket.';
}

function isHost(given: string): boolean {
  const isName = /^\w[\w-]*(?:\.\w[\w-]*)*$/.test(given);
  return isIP(given) !== 0 || (isName && !/^\d+(?:\.\d+){3}$/.test(given)); // Four numbers must be a valid address.
}

function masterKey(name: string, given: string, problem: (message: string) => void): Buffer {
  const parsed = parseMasterKey(given);
  if ('key' in parsed) return parsed.key;
  problem(`${name}: ${parsed.problem}`);
  return Buffer.alloc(0);
}

/** Orchestrators end a process after some minutes at most. */
const LONGEST_STOP_DELAY = 300;

/** The variables of the process as a whole. Every other variable belongs to a feature. */
const processVariables = {
  host: text('HOST', {
    fallback: '127.0.0.1',
    meaning: 'The address to listen on, or the path of a Unix socket, such as `/run/rekey/rekey.sock`.',
    read(given, problem) {
      const wrong = hostProblem(given as string);
      if (wrong) problem(`HOST ${wrong}`);
      return given as string;
    },
  }),
  port: wholeNumber('PORT', {
    fallback: 4000,
    min: 0,
    max: 65_535,
    meaning: 'The port to listen on; 0 picks a free port, which the start line names.',
  }),
  workers: wholeNumber('REKEY_WORKERS', {
    fallback: 1,
    min: 1,
    max: 64,
    meaning: 'How many processes share the port, each a replica. With the embedded database only 1.',
  }),
  /** Null: not set, so the database decides. */
  stopDelaySeconds: text('REKEY_STOP_DELAY_SECONDS', {
    fallback: null,
    shown: '5 with `DATABASE_URL`, else 0',
    meaning: 'How long the service still accepts requests after SIGTERM, while `/readyz` returns 503.',
    read(given, problem) {
      if (given === null) return null;
      const seconds = /^\d{1,3}$/.test(given) ? Number(given) : Number.NaN;
      if (!(seconds <= LONGEST_STOP_DELAY))
        problem(`REKEY_STOP_DELAY_SECONDS must be a whole number from 0 to ${LONGEST_STOP_DELAY}.`);
      return seconds;
    },
  }),
  metricsPort: text('REKEY_METRICS_PORT', {
    fallback: null,
    shown: 'none: on `PORT`',
    meaning: 'A port of its own for `/metrics`, on the address of `HOST`. Then `PORT` has no `/metrics`.',
    read(given, problem) {
      if (given === null) return null;
      const port = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN;
      if (!(port <= 65_535)) problem('REKEY_METRICS_PORT must be a whole number from 0 to 65535.');
      return port;
    },
  }),
  /** Null only with the embedded database, which keeps its key in a file. */
  masterKey: text('REKEY_MASTER_KEY', {
    fallback: null,
    shown: 'generated on the embedded database, required with `DATABASE_URL`',
    meaning: '32 bytes, base64, the same on every replica: `openssl rand -base64 32`.',
    inFile: true,
    read: (given, problem) => (given === null ? null : masterKey('REKEY_MASTER_KEY', given, problem)),
  }),
  retiredMasterKeys: text('REKEY_RETIRED_MASTER_KEYS', {
    fallback: '',
    shown: 'none',
    meaning: 'Comma-separated; these keys still decrypt.',
    inFile: true,
    read: (given, problem) =>
      partsOf(given as string).map((key) => masterKey('REKEY_RETIRED_MASTER_KEYS', key, problem)),
  }),
  trustedProxies: text('REKEY_TRUSTED_PROXIES', {
    fallback: '',
    shown: 'none',
    meaning:
      'Addresses and CIDRs of proxies that may name the client (`X-Forwarded-For`, read from right to left) and the request that it has signed. `unix`: the peers on the Unix socket in `HOST`.',
    read(given, problem) {
      const cidrs = partsOf(given as string);
      for (const cidr of cidrs) {
        if (cidr !== UNIX_PEERS && !parseCidr(cidr))
          problem(`REKEY_TRUSTED_PROXIES: "${cidr}" is not an IP address or a CIDR range.`);
      }
      return cidrs;
    },
  }),
  allowedOrigins: text('REKEY_ALLOWED_ORIGINS', {
    fallback: '',
    shown: 'none',
    meaning:
      'Comma-separated origins, such as `https://app.example`, whose pages may call from a browser (CORS, WebSockets).',
    read(given, problem) {
      return partsOf(given as string).map((origin) => {
        const known = originOf(origin);
        if (known === null) {
          problem(
            'REKEY_ALLOWED_ORIGINS must list origins: scheme, host and port without a path, such as https://app.example.',
          );
        }
        return known ?? '';
      });
    },
  }),
  /** Null: not set, so the database decides. */
  introspection: text('REKEY_INTROSPECTION', {
    fallback: null,
    shown: 'open on the embedded database, else administrators',
    meaning: 'Who may read the schema by introspection: `open` (everyone), `administrators` or `closed`.',
    read(given, problem) {
      if (given === null || given === 'open' || given === 'administrators' || given === 'closed') return given;
      problem('REKEY_INTROSPECTION must be one of open, administrators, closed.');
      return null;
    },
  }),
  trustedDocuments: text('REKEY_TRUSTED_DOCUMENTS', {
    fallback: null,
    shown: 'none: every document',
    meaning: 'The path of a manifest. Only the operations that it lists run.',
    read: (given, problem) =>
      given === null ? null : readHashedTexts(given, (message) => problem(`REKEY_TRUSTED_DOCUMENTS: ${message}`)),
  }),
  logLevel: oneOf('REKEY_LOG_LEVEL', {
    words: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    fallback: 'info',
    meaning: '`trace` to `fatal`, or `silent`.',
  }),
};

/** Every variable of the service, by the name of its value. */
export const variables: Variables = Object.assign(
  {},
  processVariables,
  ...features.map((feature: Feature) => feature.variables ?? {}),
);

type Declared = (typeof features)[number];

/** The values of the variables that one feature declares, and no others. */
export function valuesOf<Name extends Declared['name']>(
  feature: Name,
  config: Config,
): ValuesOf<VariablesOf<Extract<Declared, { name: Name }>>> {
  const declared: Feature | undefined = features.find(({ name }) => name === feature);
  const names = Object.keys(declared?.variables ?? {});
  const values = config as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map((name) => [name, values[name]])) as never;
}

/** The variables that are required because others are set. */
function missingVariables(isSet: (name: string) => boolean): string[] {
  const problems: string[] = [];
  if (isSet('DATABASE_URL') && !isSet('REKEY_MASTER_KEY')) {
    problems.push(
      'REKEY_MASTER_KEY is required with DATABASE_URL. It must be 32 random bytes in base64, and the same on every replica. Generate one with `openssl rand -base64 32`.',
    );
  }
  if (isSet('DATABASE_DIRECT_URL') && !isSet('DATABASE_URL'))
    problems.push('DATABASE_DIRECT_URL is set without DATABASE_URL. Without a pooler, set only DATABASE_URL.');
  return problems;
}

/** Values that do not go together. */
function problemsOfValues(config: Config): string[] {
  const problems = [...refreshProblems(config), ...portProblems(config)];
  if (config.workers > 1 && config.databaseUrl === null)
    problems.push(
      'REKEY_WORKERS: the embedded database belongs to one process. Set DATABASE_URL, or set REKEY_WORKERS to 1.',
    );
  if (config.trustedProxies.includes(UNIX_PEERS) && !isSocketPath(config.host))
    problems.push(
      `REKEY_TRUSTED_PROXIES: \`${UNIX_PEERS}\` is the peer on a Unix socket, but HOST is not the path of a socket.`,
    );
  return problems;
}

/** A client refreshes once per lifetime of an access token. A lower limit would reject refreshes of every session. */
function refreshProblems({ accessTokenSeconds: seconds, refreshPerMinute: perMinute }: Config): string[] {
  if (perMinute === 0 || seconds * perMinute >= 60) return [];
  return [
    `REKEY_ACCESS_TOKEN_SECONDS=${seconds} needs ${Math.ceil(60 / seconds)} refreshes per minute, but REKEY_REFRESH_PER_MINUTE=${perMinute} allows only ${perMinute}. Increase one of them. REKEY_REFRESH_PER_MINUTE=0 means no limit.`,
  ];
}

function portProblems({ port, metricsPort }: Config): string[] {
  if (metricsPort === null || metricsPort === 0 || metricsPort !== port) return [];
  return ['REKEY_METRICS_PORT and PORT must be different ports. Without REKEY_METRICS_PORT, `/metrics` is on PORT.'];
}

/** Whether this is a variable that container platforms set for a service with the name `rekey` or `rekey-…`. */
function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?$/.test(name)) return true;
  return /_PORT$/.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value);
}

/** The problem of each unknown `REKEY_…` variable: a misspelled limit must not mean "no limit". */
function unknownVariables(given: Record<string, string | undefined>): string[] {
  const known = Object.values(variables).flatMap(({ name, inFile }) => (inFile ? [name, `${name}_FILE`] : [name]));
  return Object.entries(given)
    .filter(([name, value]) => /^REKEY_/i.test(name) && !known.includes(name) && !isServiceLink(name, value ?? ''))
    .map(([name]) => {
      const upper = name.toUpperCase().slice(0, 64);
      const bare = upper.slice('REKEY_'.length);
      const meant = known.includes(bare) ? bare : nearest(upper, known);
      const hint = meant ? `Did you mean ${meant}?` : 'README.md lists all variables.';
      return `${name.slice(0, 64)} is an unknown variable. ${hint}`;
    });
}

/**
 * Replaces the name of a file by its text, for the variables that may be in a file.
 *
 * @returns the variables whose text is not known, because their file has a problem
 */
function readFiles(given: Record<string, string | undefined>, problem: (message: string) => void): Set<string> {
  const unread = new Set<string>();
  for (const { name, inFile } of Object.values(variables)) {
    const path = inFile ? given[`${name}_FILE`] : undefined;
    if (path === undefined) continue;
    if (given[name] !== undefined) {
      problem(`${name} and ${name}_FILE are both set. Set one of them.`);
      continue;
    }
    const read = readLine(path);
    if ('text' in read) {
      given[name] = read.text;
    } else {
      problem(`${name}_FILE: ${read.problem}`);
      unread.add(name);
    }
  }
  return unread;
}

/**
 * Reads the configuration.
 *
 * @param environment e.g. `process.env`; an empty value counts as not set
 * @throws ConfigError with every problem, none of which repeats a value that could be a secret
 */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const problems: string[] = [];
  const unread = readFiles(given, (message) => problems.push(message));
  const values = Object.entries(variables).map(([key, { name, schema }]: [string, Variable]) => {
    if (unread.has(name)) return [key, undefined];
    const parsed = schema.safeParse(given[name]);
    if (!parsed.success) problems.push(...parsed.error.issues.map(({ message }) => message));
    return [key, parsed.data];
  });
  const config = Object.freeze(Object.fromEntries(values)) as Config;
  const areValid = problems.length === 0;
  problems.push(...unknownVariables(given));
  problems.push(...missingVariables((name) => given[name] !== undefined || unread.has(name)));
  if (areValid) problems.push(...problemsOfValues(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}
