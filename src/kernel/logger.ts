import pino from 'pino';

/** pino's logger: one JSON object a line. */
export type Logger = pino.Logger;

const MASK = '[redacted]';

/** Fields that are never written. Node gives header names in lower case. */
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

// pino knows `*` for one level but nothing for "any level", and each further level triples the cost of every line.
const REDACTED_PATHS = ['', '*'].flatMap((level) => SECRET_FIELDS.map((field) => `${level}["${field}"]`));

// So what stands deeper, or is spelled `Authorization`, is masked in the finished line: a text, or a list or object
// without another inside.
const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"/.source;
const FLAT = `[[{](?:[^"[\\]{}]|${TEXT})*[\\]}]`;
const SECRET_FIELD = new RegExp(`"(${SECRET_FIELDS.join('|')})":(?:${TEXT}|${FLAT})`, 'gi');

// A whole secret has 36 characters after the prefix. One that was cut off is still most of a secret.
const SECRET_TEXT = /(rk[adrs])_[0-9A-Za-z]{16,}/g;

// What MikroORM appends to the message of a database: the row that was refused, with whatever is in it.
const ROW = /\n - (?:detail|hint): .*$/s;
const ROW_IN_STACK = /\n - (?:detail|hint): .*?(?=\n +at |$)/gs;

// SQLSTATE class 22: a value does not fit, and PostgreSQL quotes it.
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/;

// A dotted word, taken whole so that the search stays linear on hostile input.
const DOTTED_WORD = /[\w.-]+/g;

/**
 * A logger that keeps secrets out of the log when a caller forgets to.
 *
 * Three nets, each for what the one before lets through: fields with a telling name are redacted; errors are reduced to
 * type, message, code, constraint, stack and causes (drivers hang queries and parameters on theirs, and the ORM appends
 * whole rows to the message); and the finished line is searched for anything shaped like one of our secrets or a JWT. A
 * password in the middle of a message has no shape, and passes.
 *
 * @param options.level pino's: `trace` to `fatal`, or `silent`
 * @param options.destination where lines go; standard output unless told
 * @throws Error when the level is unknown
 */
export function createLogger(options: { level: string; destination?: pino.DestinationStream }): Logger {
  const settings: pino.LoggerOptions = {
    level: options.level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED_PATHS, censor: MASK },
    serializers: { err: serializeError, error: serializeError },
    hooks: { streamWrite: scrub, logMethod: withMessage },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}

/** Where an error is all that is logged, pino makes its message that of the line, past the serializer. */
function withMessage(this: Logger, args: Parameters<pino.LogFn>, log: pino.LogFn): void {
  const [first, message] = args as unknown[];
  const error = Error.isError(first) ? first : (first as { err?: unknown } | null)?.err;
  if (message === undefined && Error.isError(error)) log.call(this, first, withoutValues(error));
  else log.apply(this, args);
}

/** Masks what stands in a telling field of one line of JSON, and what is shaped like a secret. The line stays valid JSON. */
function scrub(line: string): string {
  return maskSecrets(line.replace(SECRET_FIELD, `"$1":"${MASK}"`));
}

/** Masks whatever is shaped like one of our secrets or a JWT. */
export function maskSecrets(text: string): string {
  const masked = text.replace(SECRET_TEXT, `$1_${MASK}`);
  return masked.includes('eyJ') ? masked.replace(DOTTED_WORD, maskJwt) : masked;
}

/** `eyJ` is how base64url of `{"` begins. The letter of a JSON escape (`\n`) may stand before it and has to stay. */
function maskJwt(word: string): string {
  const start = word.indexOf('eyJ');
  if (start === -1 || word.slice(start).split('.').length < 3) return word;
  return word.slice(0, start) + MASK;
}

/** What a log line says of an error. Anything else it carries stays out; a cause that repeats itself ends the chain. */
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

/** The message of an error, without what a database repeats in it of the values that it was given. */
function withoutValues(error: Error & { code?: unknown }): string {
  const message = error.message.replace(ROW, '');
  return DATA_EXCEPTION.test(String(error.code)) ? message.replace(/".*"/s, `"${MASK}"`) : message;
}
