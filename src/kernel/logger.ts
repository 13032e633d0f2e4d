import pino from 'pino';
import { readableLine } from './readable-line.ts';

/** pino's logger: one JSON object a line, with the name of its level. */
export type Logger = pino.Logger;

const MASK = '[redacted]';

/** Fields whose values are never logged. Node returns header names in lower case. */
const SECRET_FIELDS = [
  'authorization',
  'x-api-key',
  'cookie',
  'set-cookie',
  'password',
  'secret',
  'accessToken',
  'refreshToken',
  'token',
  'setupToken',
];

// pino has the pattern `*` for one level but none for any level, and each further level triples the cost of every line.
const REDACTED_PATHS = ['', '*'].flatMap((level) => SECRET_FIELDS.map((field) => `${level}["${field}"]`));

// Deeper fields, and spellings such as `Authorization`, are masked in the finished line: a string, or a list or object
// that contains no other one.
const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"/.source;
const FLAT = `[[{](?:[^"[\\]{}]|${TEXT})*[\\]}]`;
const SECRET_FIELD = new RegExp(`"(${SECRET_FIELDS.join('|')})":(?:${TEXT}|${FLAT})`, 'gi');

// A complete secret has 36 characters after the prefix. A truncated one still reveals most of it.
const SECRET_TEXT = /(rk[adrsip])_[0-9A-Za-z]{16,}/g;

// MikroORM appends this to an error message of the database: the rejected row with all its values.
const ROW = /\n - (?:detail|hint): .*$/s;
const ROW_IN_STACK = /\n - (?:detail|hint): .*?(?=\n +at |$)/gs;

// SQLSTATE class 22: a value is invalid, and PostgreSQL quotes it in the message.
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/;

// A dotted word, matched as a whole so that the search stays linear on hostile input.
const DOTTED_WORD = /[\w.-]+/g;

/**
 * Creates a logger that keeps secrets out of the log even if a caller forgets to.
 *
 * Three filters run in order, each for what the one before it misses:
 * - Fields with a known secret name are redacted.
 * - Errors are reduced to type, message, code, constraint, stack and causes. Drivers attach queries and parameters to
 *   an error, and the ORM appends whole rows to its message.
 * - The finished line is searched for text that has the form of one of our secrets or of a JWT.
 *
 * A password in the middle of a message has no such form, and is not masked.
 *
 * @param options.level a level of pino: `trace` to `fatal`, or `silent`
 * @param options.destination where lines are written; defaults to standard output, and on a terminal to lines that a
 *   person can read
 * @throws Error if the level is unknown
 */
export function createLogger(options: { level: string; destination?: pino.DestinationStream }): Logger {
  const settings: pino.LoggerOptions = {
    level: options.level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED_PATHS, censor: MASK },
    serializers: { err: serializeError, error: serializeError },
    hooks: { streamWrite: scrub, logMethod: withMessage },
  };
  const destination = options.destination ?? (process.stdout.isTTY ? TERMINAL : undefined);
  return destination ? pino(settings, destination) : pino(settings);
}

const TERMINAL: pino.DestinationStream = { write: (line) => void process.stdout.write(readableLine(line)) };

/** If only an error is logged, pino copies its message to the line without calling the serializer. */
function withMessage(this: Logger, args: Parameters<pino.LogFn>, log: pino.LogFn): void {
  const [first, message] = args as unknown[];
  const error = Error.isError(first) ? first : (first as { err?: unknown } | null)?.err;
  if (message === undefined && Error.isError(error)) log.call(this, first, withoutValues(error));
  else log.apply(this, args);
}

/** Masks secret fields in one line of JSON, and text that has the form of a secret. The line stays valid JSON. */
function scrub(line: string): string {
  return maskSecrets(line.replace(SECRET_FIELD, `"$1":"${MASK}"`));
}

/** Masks text that has the form of one of our secrets or of a JWT. */
export function maskSecrets(text: string): string {
  const masked = text.replace(SECRET_TEXT, `$1_${MASK}`);
  return masked.includes('eyJ') ? masked.replace(DOTTED_WORD, maskJwt) : masked;
}

/** `eyJ` is how base64url of `{"` begins. The letter of a JSON escape (`\n`) may precede it and must be kept. */
function maskJwt(word: string): string {
  const start = word.indexOf('eyJ');
  if (start === -1 || word.slice(start).split('.').length < 3) return word;
  return word.slice(0, start) + MASK;
}

/** What a log line contains of an error. All other properties are left out. A circular cause ends the chain. */
function serializeError(error: unknown, seen: ReadonlySet<unknown> = new Set()): unknown {
  if (!Error.isError(error)) return error;
  if (seen.has(error)) return '[circular]';
  const nested = (value: unknown) => serializeError(value, new Set([...seen, error]));
  const message = withoutValues(error);
  return {
    type: error.name,
    message,
    code: 'code' in error ? error.code : undefined,
    constraint: 'constraint' in error ? error.constraint : undefined,
    stack: error.stack?.replace(error.message, () => message).replace(ROW_IN_STACK, ''),
    cause: error.cause === undefined ? undefined : nested(error.cause),
    // A refused connection to a host with two addresses is an AggregateError with an empty message.
    errors: error instanceof AggregateError ? error.errors.map(nested) : undefined,
  };
}

/** The message of an error, without the values that the database repeats in it. */
function withoutValues(error: Error & { code?: unknown }): string {
  const message = error.message.replace(ROW, '');
  return DATA_EXCEPTION.test(String(error.code)) ? message.replace(/".*"/s, `"${MASK}"`) : message;
}
