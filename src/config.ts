import { isIP } from 'node:net';
import { z } from 'zod';
import { parseMasterKey } from './crypto/keyring.ts';
import { parseCidr } from './kernel/cidr.ts';
import { ConfigError } from './kernel/config-error.ts';
import { databaseUrlProblem, redisUrlProblem } from './kernel/connection-url.ts';
import { nearest } from './kernel/nearest.ts';

/** What the environment says, checked and frozen. The only place that reads it. */
export type Config = ReturnType<typeof readConfig>;

/**
 * The longest `iss`, in bytes of JSON. With it, the cookie of an access token with every scope has some 2900 bytes: no
 * browser has to keep one of more than 4096 (RFC 6265 §6.1), and one that is dropped leaves nothing but a failed login.
 */
const LONGEST_ISSUER_BYTES = 512;

const whole = (name: string, fallback: number, range: { min: number; max: number }) =>
  z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return fallback;
      const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= range.min && value <= range.max) return value;
      context.addIssue(`${name} must be a whole number from ${range.min} to ${range.max}.`);
      return z.NEVER;
    });

const url = (name: string, problemOf: (text: string) => string | null) =>
  z
    .string()
    .optional()
    .transform((text, context) => {
      const problem = text ? problemOf(text) : null;
      if (problem === null) return text ?? null;
      context.addIssue(`${name} ${problem}`);
      return z.NEVER;
    });

const masterKey = (name: string) => (text: string, context: z.RefinementCtx) => {
  const parsed = parseMasterKey(text);
  if ('key' in parsed) return parsed.key;
  context.addIssue(`${name}: ${parsed.problem}`);
  return z.NEVER;
};

function isHost(text: string): boolean {
  const isName = /^\w[\w-]*(?:\.\w[\w-]*)*$/.test(text);
  return isIP(text) !== 0 || (isName && !/^\d+(?:\.\d+){3}$/.test(text)); // Four numbers are meant as an address.
}

/** A URL or a URN, without the parts that no issuer has (RFC 8414 §2). */
function isIssuer(text: string): boolean {
  return URL.canParse(text) && !/[\s?#]/.test(text);
}

/** A text of this length is hard to guess, unless it is a pattern: repeated, or in equal steps, or of few characters. */
function isHardToGuess(text: string): boolean {
  const lower = text.toLowerCase();
  const steps = Array.from(lower.slice(1), (character, index) => character.charCodeAt(0) - lower.charCodeAt(index));
  const repeats = Array.from(lower, (_, index) => index).some(
    (period) => period > 0 && period <= lower.length / 2 && lower.startsWith(lower.slice(period)),
  );
  return !repeats && new Set(lower).size >= 8 && new Set(steps).size >= 6;
}

/** What container platforms put into every environment for a service that is called `rekey` or `rekey-…`. */
function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?$/.test(name)) return true;
  return /_PORT$/.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value);
}

const perMinute = (name: string, fallback: number) => whole(name, fallback, { min: 0, max: 10_000 });

const schema = z.object({
  HOST: z.string().default('127.0.0.1').refine(isHost, 'HOST must be an IP address or a host name.'),
  PORT: whole('PORT', 4000, { min: 0, max: 65_535 }),
  DATABASE_URL: url('DATABASE_URL', databaseUrlProblem),
  REKEY_DATA_DIR: z
    .string()
    .default('.rekey')
    .refine((text) => text.trim() === text, 'REKEY_DATA_DIR must be a path without leading or trailing white space.'),
  REDIS_URL: url('REDIS_URL', redisUrlProblem),
  REKEY_MASTER_KEY: z
    .string()
    .optional()
    .transform((text, context) => (text ? masterKey('REKEY_MASTER_KEY')(text, context) : null)),
  REKEY_RETIRED_MASTER_KEYS: z
    .string()
    .default('')
    .transform((text, context) =>
      text
        .split(',')
        .map((key) => key.trim())
        .filter(Boolean)
        .map((key) => masterKey('REKEY_RETIRED_MASTER_KEYS')(key, context)),
    ),
  REKEY_SETUP_TOKEN: z
    .string()
    .refine((text) => /^[\x21-\x7e](?:[\x20-\x7e]{18,254}[\x21-\x7e])$/.test(text), {
      error:
        'REKEY_SETUP_TOKEN must have 20 to 256 printable ASCII characters, without leading or trailing white space.',
      abort: true,
    })
    .refine(isHardToGuess, 'REKEY_SETUP_TOKEN is easy to guess. Generate one with `openssl rand -base64 24`.')
    .optional()
    .transform((text) => text ?? null),
  REKEY_REGISTRATION: z.enum(['open', 'closed'], 'REKEY_REGISTRATION must be open or closed.').default('closed'),
  REKEY_ISSUER: z
    .string()
    .default('urn:rekey')
    .refine(isIssuer, 'REKEY_ISSUER must be a URL or a URN without white space, query or fragment.')
    .refine(
      (text) => Buffer.byteLength(JSON.stringify(text)) - 2 <= LONGEST_ISSUER_BYTES,
      `REKEY_ISSUER must have at most ${LONGEST_ISSUER_BYTES} bytes. Every access token contains it three times, and browsers drop cookies larger than 4096 bytes.`,
    ),
  REKEY_LEASE_MS: whole('REKEY_LEASE_MS', 2000, { min: 100, max: 60_000 }),
  REKEY_CANARY: z.enum(['on', 'off'], 'REKEY_CANARY must be on or off.').default('off'),
  REKEY_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text, context) => {
      const cidrs = text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean);
      for (const cidr of cidrs) {
        if (!parseCidr(cidr))
          context.addIssue(`REKEY_TRUSTED_PROXIES: "${cidr}" is not an IP address or a CIDR range.`);
      }
      return cidrs;
    }),
  REKEY_LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'REKEY_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent.',
    )
    .default('info'),
  REKEY_CACHE_SECONDS: whole('REKEY_CACHE_SECONDS', 600, { min: 1, max: 3600 }),
  REKEY_CACHE_ENTRIES: whole('REKEY_CACHE_ENTRIES', 100_000, { min: 1, max: 10_000_000 }),
  REKEY_LAST_USED_SECONDS: whole('REKEY_LAST_USED_SECONDS', 60, { min: 1, max: 86_400 }),
  REKEY_ACCESS_TOKEN_SECONDS: whole('REKEY_ACCESS_TOKEN_SECONDS', 300, { min: 10, max: 86_400 }),
  REKEY_REFRESH_IDLE_SECONDS: whole('REKEY_REFRESH_IDLE_SECONDS', 604_800, { min: 60, max: 315_360_000 }),
  REKEY_REFRESH_ABSOLUTE_SECONDS: whole('REKEY_REFRESH_ABSOLUTE_SECONDS', 2_592_000, { min: 60, max: 315_360_000 }),
  REKEY_REFRESH_GRACE_SECONDS: whole('REKEY_REFRESH_GRACE_SECONDS', 10, { min: 0, max: 300 }),
  REKEY_LOGIN_PER_MINUTE: perMinute('REKEY_LOGIN_PER_MINUTE', 10),
  REKEY_REGISTER_PER_MINUTE: perMinute('REKEY_REGISTER_PER_MINUTE', 10),
  REKEY_REFRESH_PER_MINUTE: perMinute('REKEY_REFRESH_PER_MINUTE', 5),
  REKEY_LEDGER_PER_MINUTE: perMinute('REKEY_LEDGER_PER_MINUTE', 120),
  REKEY_FAILED_AUTH_PER_MINUTE: whole('REKEY_FAILED_AUTH_PER_MINUTE', 600, { min: 0, max: 1_000_000 }),
  REKEY_API_KEYS_PER_USER: whole('REKEY_API_KEYS_PER_USER', 100, { min: 0, max: 1_000_000 }),
  REKEY_PASSWORD_MIN_LENGTH: whole('REKEY_PASSWORD_MIN_LENGTH', 15, { min: 8, max: 256 }),
});

/** A client refreshes once in the life of an access token. Where that is too often, every session is limited for good. */
function refreshProblems({
  REKEY_ACCESS_TOKEN_SECONDS: seconds,
  REKEY_REFRESH_PER_MINUTE: perMinute,
}: z.infer<typeof schema>): string[] {
  if (perMinute === 0 || seconds * perMinute >= 60) return [];
  return [
    `REKEY_ACCESS_TOKEN_SECONDS=${seconds} needs ${Math.ceil(60 / seconds)} refreshes per minute, but REKEY_REFRESH_PER_MINUTE=${perMinute} allows only ${perMinute}. Increase one of them. REKEY_REFRESH_PER_MINUTE=0 means no limit.`,
  ];
}

/** A variable that looks like one of ours and is none: a misspelt limit must not mean "no limit". */
function unknownVariables(given: Record<string, string | undefined>): string[] {
  const known = Object.keys(schema.shape);
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
 * Reads the configuration.
 *
 * @param environment e.g. `process.env`; an empty value counts as not set
 * @throws ConfigError with every problem, none of which repeats a value that could be a secret
 */
export function readConfig(environment: Record<string, string | undefined> = process.env) {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
  problems.push(...unknownVariables(given));
  if (given.DATABASE_URL !== undefined && given.REKEY_MASTER_KEY === undefined) {
    problems.push(
      'REKEY_MASTER_KEY is required with DATABASE_URL. It must be 32 random bytes in base64, and the same on every replica. Generate one with `openssl rand -base64 32`.',
    );
  }
  if (parsed.success) problems.push(...refreshProblems(parsed.data));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const env = parsed.data;
  return Object.freeze({
    host: env.HOST,
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    dataDirectory: env.REKEY_DATA_DIR,
    redisUrl: env.REDIS_URL,
    /** Null only on the embedded database, which keeps its own in a file. */
    masterKey: env.REKEY_MASTER_KEY,
    retiredMasterKeys: env.REKEY_RETIRED_MASTER_KEYS,
    setupToken: env.REKEY_SETUP_TOKEN,
    registration: env.REKEY_REGISTRATION,
    issuer: env.REKEY_ISSUER,
    leaseMs: env.REKEY_LEASE_MS,
    canary: env.REKEY_CANARY === 'on',
    trustedProxies: env.REKEY_TRUSTED_PROXIES,
    logLevel: env.REKEY_LOG_LEVEL,
    cacheSeconds: env.REKEY_CACHE_SECONDS,
    cacheEntries: env.REKEY_CACHE_ENTRIES,
    lastUsedSeconds: env.REKEY_LAST_USED_SECONDS,
    accessTokenSeconds: env.REKEY_ACCESS_TOKEN_SECONDS,
    refreshIdleSeconds: env.REKEY_REFRESH_IDLE_SECONDS,
    refreshAbsoluteSeconds: env.REKEY_REFRESH_ABSOLUTE_SECONDS,
    refreshGraceSeconds: env.REKEY_REFRESH_GRACE_SECONDS,
    loginPerMinute: env.REKEY_LOGIN_PER_MINUTE,
    registerPerMinute: env.REKEY_REGISTER_PER_MINUTE,
    refreshPerMinute: env.REKEY_REFRESH_PER_MINUTE,
    ledgerPerMinute: env.REKEY_LEDGER_PER_MINUTE,
    failedAuthPerMinute: env.REKEY_FAILED_AUTH_PER_MINUTE,
    apiKeysPerUser: env.REKEY_API_KEYS_PER_USER,
    passwordMinLength: env.REKEY_PASSWORD_MIN_LENGTH,
  });
}
